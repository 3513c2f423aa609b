#version 330
invariant gl_Position;  // depth is filled first, colour after: both must agree to the bit
#ifdef QUICK
#include lighting
#include materials
out vec4 shadows;
out vec4 mottle;
out vec2 specks;
out vec4 zones;
out vec4 folds;
#endif
uniform mat4 view_projection;
in vec3 in_position;
in vec3 in_normal;
in vec3 in_rest;      // where the point lies on the neutral head, eyeballs: about their own axis
in vec2 in_texture;
in vec2 in_kind;      // material, painted hair roots
#ifdef QUICK
in float in_open;     // share of the sky that the point sees at rest
in vec4 in_mottle;    // noise that is no finer than the mesh
in vec2 in_specks;
in vec4 in_zones;     // places on the face: see `places.glsl`
in vec4 in_folds;
#endif
out vec3 position;
out vec3 normal;
out vec3 rest;
out vec2 texture_at;
out float roots;
out float openness;
flat out int material;
void main() {
  position = in_position;
  normal = in_normal;
  rest = in_rest;
  texture_at = in_texture;
  material = int(in_kind.x + 0.5);
  roots = in_kind.y;
#ifdef QUICK
  openness = in_open;
  mottle = in_mottle;
  specks = in_specks;
  zones = in_zones;
  folds = in_folds;
  shadows = vec4(0.0);
  // Of what has two sides, the one that faces the camera is lit.
  vec3 n = in_normal;
  if (material >= CLOTH && dot(n, camera_position - in_position) < 0.0) n = -n;
  for (int i = 0; i < LIGHTS; i++) {
    float slope = 1.0 - abs(dot(n, light_direction[i]));
    vec3 above = in_position + n * (0.05 + 0.12 * slope);
    shadows[i] = softly_lit(i, above, n, 0.0012 + 0.0015 * slope);
  }
#else
  openness = 1.0;
#endif
  gl_Position = view_projection * vec4(in_position, 1.0);
}
