// Many far lights, each with its own tile of a shadow atlas: soft shadows and ambient occlusion in one.
#define MAX_LIGHTS 40
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

// GGX (its rim held back: fine relief would sparkle there) with Schlick's Fresnel and the joint visibility term of Hammon (2017).
float ggx(float nl, float nv, float nh, float vh, float roughness, float f0) {
  float a = roughness * roughness;
  float d = nh * nh * (a * a - 1.0) + 1.0;
  float visibility = 0.5 / max(mix(2.0 * nl * nv, nl + nv, a), 1e-3);
  float rim = 1.0 - vh;
  float rim2 = rim * rim;
  return a * a / (3.14159 * d * d) * visibility * (f0 + 0.4 * (1.0 - f0) * rim2 * rim2 * rim);
}
