#version 330
invariant gl_Position;
// A ribbon that faces the eye. Head hair is bent with the neck here, so its buffer never changes.
uniform mat4 view_projection;
uniform mat3 head;
uniform mat3 shoulders;
uniform vec3 pivot;
uniform vec4 eye;      // w = 1: a point; w = 0: a direction (of a far light)
uniform float widen;
in vec3 in_position;
in vec3 in_tangent;
in vec4 in_strand;     // side of the ribbon -1 or 1, half width, place along the strand 0..1, random 0..1
in vec2 in_follow;     // share of the head's rotation, darkness at the root
#ifdef QUICK
// Ribbons are a pixel wide: light is worked out where their points are.
#include lighting
#include strand_light
out vec4 light, albedo, shining;
vec3 position, tangent;
#else
out vec3 position;
out vec3 tangent;
out vec4 strand;
out float depth_inside;
#endif
void main() {
  vec3 centred = in_position - pivot;
  position = mix(shoulders * centred, head * centred, in_follow.x) + pivot;
  tangent = normalize(mix(shoulders * in_tangent, head * in_tangent, in_follow.x));
  vec3 towards = eye.w > 0.5 ? eye.xyz - position : eye.xyz;
  vec3 across = normalize(cross(tangent, normalize(towards)) + vec3(1e-5));
  position += across * in_strand.x * in_strand.y * widen;
  gl_Position = view_projection * vec4(position, 1.0);
#ifdef QUICK
  shade_strand(position, tangent, in_strand, in_follow.y, light, albedo, shining);
#else
  strand = in_strand;
  depth_inside = in_follow.y;
#endif
}
