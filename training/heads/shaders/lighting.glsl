// Many far lights, each with its own tile of a shadow atlas: soft shadows and ambient occlusion in one.
#define MAX_LIGHTS 40
#ifndef LIGHTS
#define LIGHTS light_count
#endif
const vec2 TILES = vec2(8.0, 5.0);
uniform int light_count;
uniform int lamp_count;                    // the first lights: only these mirror in surfaces
uniform vec3 light_direction[MAX_LIGHTS];  // towards the light
uniform vec3 light_color[MAX_LIGHTS];
uniform mat4 light_matrix[MAX_LIGHTS];
uniform sampler2DShadow shadow_atlas;
uniform sampler3D noise_volume;
uniform vec3 noise_offset;
uniform vec3 camera_position;

float noise(vec3 p) { return texture(noise_volume, p).r - 0.5; }

float lit(int i, vec3 p, float bias) {
  vec3 q = (light_matrix[i] * vec4(p, 1.0)).xyz * 0.5 + 0.5;
  if (q.x < 0.0 || q.x > 1.0 || q.y < 0.0 || q.y > 1.0) return 1.0;
  vec2 tile = vec2(float(i % 8), float(i / 8));
  return texture(shadow_atlas, vec3((tile + clamp(q.xy, 0.003, 0.997)) / TILES, q.z - bias));
}

#ifdef QUICK
// Few lights, each with one shadow map read softly; the sky is dimmed by how open each vertex lies to it.
uniform vec3 sky_light, ground_light;
uniform float light_softness[MAX_LIGHTS];  // cm: radius of the blur of a shadow's edge
const float SCENE = 25.0;                  // cm: half of what a shadow map shows

vec3 ambient(vec3 n) { return mix(ground_light, sky_light, 0.5 + 0.5 * n.y); }

// Four reads on a ring, each at the depth of the plane through p. Called for vertices, which lie closer
// together than such a shadow's edge is wide.
float softly_lit(int i, vec3 p, vec3 n, float bias) {
  vec3 q = (light_matrix[i] * vec4(p, 1.0)).xyz * 0.5 + 0.5;
  vec3 seen = mat3(light_matrix[i]) * n * SCENE * vec3(1.0, 1.0, -1.5);
  vec2 steep = seen.xy / max(seen.z, 0.35) / 1.5;
  vec2 tile = vec2(float(i % 8), float(i / 8));
  vec2 step_by = light_softness[i] / (2.0 * SCENE) * vec2(0.92, 0.39);
  float sum = 0.0;
  for (int k = 0; k < 4; k++) {
    vec2 at = clamp(q.xy + step_by, 0.003, 0.997);
    sum += textureLod(shadow_atlas, vec3((tile + at) / TILES, q.z - bias + dot(step_by, steep)), 0.0);
    step_by = vec2(-step_by.y, step_by.x);
  }
  return sum * 0.25;
}
#endif

// GGX (its rim held back: fine relief would sparkle there) with Schlick's Fresnel and the joint visibility term of Hammon (2017).
float ggx(float nl, float nv, float nh, float vh, float roughness, float f0) {
  float a = roughness * roughness;
  float d = nh * nh * (a * a - 1.0) + 1.0;
  float visibility = 0.5 / max(mix(2.0 * nl * nv, nl + nv, a), 1e-3);
  float rim = 1.0 - vh;
  float rim2 = rim * rim;
  return a * a / (3.14159 * d * d) * visibility * (f0 + 0.4 * (1.0 - f0) * rim2 * rim2 * rim);
}
