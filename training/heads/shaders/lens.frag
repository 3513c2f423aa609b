#version 330
in vec3 position;
in vec3 normal;
out vec4 out_color;        // mirrored light; alpha: how much the glass darkens
uniform vec3 camera_position;
uniform vec4 softbox;
uniform vec3 softbox_color, sky_color;
uniform float tint;
void main() {
  vec3 n = normalize(normal), v = normalize(camera_position - position);
  if (dot(n, v) < 0.0) n = -n;
  vec3 r = reflect(-v, n);
  float rim = 1.0 - max(dot(n, v), 0.0);
  float mirrored = 0.05 + 0.6 * rim * rim * rim * rim * rim;
  float angle = acos(clamp(dot(r, softbox.xyz), -1.0, 1.0));
  float box = 1.0 - smoothstep(softbox.w * 0.8, softbox.w * 1.2, angle);
  vec3 sky = sky_color * smoothstep(-0.1, 0.6, r.y);
#ifdef QUICK
  // Of many random people some would have an eye behind a white blot.
  float strength = 1.3;
#else
  float strength = 3.0;
#endif
  out_color = vec4(mirrored * (sky + softbox_color * box * strength), tint);
}
