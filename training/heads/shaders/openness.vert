#version 330
#include lighting
#include places
#include materials
// What stays the same for a person: how much of the sky each vertex sees, every light counting by its cosine,
// the noise that colours skin and cloth, and the places that skin differs by.
in vec3 in_position;
in vec3 in_normal;
in vec3 in_rest;
in vec2 in_kind;
out float openness;
out vec4 mottle;
out vec2 specks;
out vec4 zones;
out vec4 folds;
float seen_from(vec3 n) {
  float seen = 0.0, all = 1e-3;
  for (int i = 0; i < light_count; i++) {
    float cosine = max(dot(n, light_direction[i]), 0.0);
    float slope = 1.0 - cosine;
    all += cosine;
    seen += cosine * lit(i, in_position + n * (0.06 + 0.15 * slope), 0.002 + 0.002 * slope);
  }
  return seen / all;
}
void main() {
  float seen = seen_from(in_normal);
  // Of what has two sides, the one that is seen lies outside.
  if (in_kind.x + 0.5 >= float(CLOTH)) seen = max(seen, seen_from(-in_normal));
  openness = mix(0.12, 1.0, seen);
  vec3 q = in_rest * 0.05 + noise_offset;
  mottle = vec4(noise(q * 0.9) + 0.5 * noise(q * 2.3), noise(q * 6.0), noise(q * 23.0), noise(q * 14.0));
  specks = vec2(noise(q * 31.0), noise(q * 9.0 + 0.3));
  zones = face_zones(in_rest);
  folds = face_folds(in_rest);
}
