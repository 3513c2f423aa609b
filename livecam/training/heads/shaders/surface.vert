#version 330
invariant gl_Position;  // depth is filled first, colour after: both must agree to the bit
uniform mat4 view_projection;
in vec3 in_position;
in vec3 in_normal;
in vec3 in_rest;      // where the point lies on the neutral head, eyeballs: about their own axis
in vec2 in_texture;
in vec2 in_kind;      // material, painted hair roots
out vec3 position;
out vec3 normal;
out vec3 rest;
out vec2 texture_at;
out float roots;
flat out int material;
void main() {
  position = in_position;
  normal = in_normal;
  rest = in_rest;
  texture_at = in_texture;
  material = int(in_kind.x + 0.5);
  roots = in_kind.y;
  gl_Position = view_projection * vec4(in_position, 1.0);
}
