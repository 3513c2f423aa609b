uniform vec3 color_root;
uniform vec3 color_tip;
uniform float grey;        // share of grey strands
uniform float shine;
uniform float material;
uniform vec3 volume_centre;
uniform float shadow_bias;


// Marschner's two highlights as Scheuermann (2004) has them, over a diffuse term between hair's and skin's.
void shade_strand(
  vec3 position, vec3 tangent, vec4 strand, float depth_inside,
  out vec4 out_light, out vec4 out_albedo, out vec4 out_shine
) {
  vec3 t = normalize(tangent);
  vec3 v = normalize(camera_position - position);
  vec3 outward = normalize(position - volume_centre);
  float random = strand.w;
  vec3 albedo = mix(color_root, color_tip, smoothstep(0.1, 1.0, strand.z));
  albedo *= 0.72 + 0.56 * fract(random * 7.31);
  float bleached = smoothstep(random - 0.45, random + 0.45, grey) * 0.9 * step(0.001, grey);
  albedo = mix(albedo, vec3(0.36, 0.35, 0.335), bleached);
  float inside = mix(0.45, 1.0, depth_inside);
  vec3 light = vec3(0.0), spec = vec3(0.0);
#ifdef QUICK
  light = ambient(outward) * 1.3 * mix(0.5, 1.0, depth_inside);
#endif
  float tilt = 0.10 + 0.10 * (fract(random * 13.7) - 0.5);
  vec3 t1 = normalize(t + outward * tilt), t2 = normalize(t - outward * tilt * 1.6);
  for (int i = 0; i < LIGHTS; i++) {
    vec3 l = light_direction[i];
    float s = lit(i, position + outward * 0.12, shadow_bias);
    float tl = dot(t, l);
    float diffuse = mix(sqrt(max(0.0, 1.0 - tl * tl)), clamp(dot(outward, l) * 0.6 + 0.4, 0.0, 1.0), 0.6);
    light += light_color[i] * diffuse * mix(0.10, 1.0, s);
    if (i >= lamp_count) continue;
    vec3 h = normalize(l + v);
    float front = clamp(dot(outward, l) * 0.8 + 0.5, 0.0, 1.0) * s;
    float a = dot(t1, h), b = dot(t2, h);
    float first = pow(max(0.0, 1.0 - a * a), 60.0), second = pow(max(0.0, 1.0 - b * b), 18.0);
    spec += light_color[i] * front * (first * 0.10 + second * 0.35 * albedo);
  }
  out_light = vec4(light * inside, 0.0);
  out_albedo = vec4(albedo, material);
  out_shine = vec4(spec * shine * inside, 1.0);
}
