#version 330
#include lighting
// How much of the sky each vertex sees: every light counts by its cosine.
in vec3 in_position;
in vec3 in_normal;
out float openness;
void main() {
  float seen = 0.0, all = 1e-3;
  for (int i = 0; i < light_count; i++) {
    float cosine = max(dot(in_normal, light_direction[i]), 0.0);
    float slope = 1.0 - cosine;
    all += cosine;
    seen += cosine * lit(i, in_position + in_normal * (0.06 + 0.15 * slope), 0.002 + 0.002 * slope);
  }
  openness = mix(0.12, 1.0, seen / all);
}
