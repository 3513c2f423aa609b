#version 330
layout(location = 0) out vec4 out_light;
layout(location = 1) out vec4 out_albedo;
layout(location = 2) out vec4 out_shine;
#ifdef QUICK
in vec4 light, albedo, shining;
void main() {
  out_light = light;
  out_albedo = albedo;
  out_shine = shining;
}
#else
#include lighting
#include strand_light
in vec3 position;
in vec3 tangent;
in vec4 strand;
in float depth_inside;
void main() {
  shade_strand(position, tangent, strand, depth_inside, out_light, out_albedo, out_shine);
}
#endif
