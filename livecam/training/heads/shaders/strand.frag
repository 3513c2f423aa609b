#version 330
#include lighting
in vec3 position;
in vec3 tangent;
in vec4 strand;
in float depth_inside;
layout(location = 0) out vec4 out_light;
layout(location = 1) out vec4 out_albedo;
layout(location = 2) out vec4 out_shine;
uniform vec3 color_root;
uniform vec3 color_tip;
uniform float grey;        // share of grey strands
uniform float shine;
uniform float material;
uniform vec3 volume_centre;
uniform float shadow_bias;

void main() {
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
  float tilt = 0.10 + 0.10 * (fract(random * 13.7) - 0.5);
  vec3 t1 = normalize(t + outward * tilt), t2 = normalize(t - outward * tilt * 1.6);
  for (int i = 0; i < light_count; i++) {
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
