#version 330
#include lighting
#include materials
#include places
in vec3 position;
in vec3 normal;
in vec3 rest;
in vec2 texture_at;
in float roots;
in float openness;
#ifdef QUICK
in vec4 shadows;                           // how much of each lamp arrives
in vec4 mottle;
in vec2 specks;
in vec4 zones;
in vec4 folds;
// Noise is dear on a CPU: what the mesh can carry comes from its vertices, what no pixel shows is left out.
#define NOISE(vertex, p) (vertex)
#define PLACE(vertex, found) (vertex)
#define CUBE(x) cubed(x)
float cubed(float x) { return x * x * x; }
#else
#define NOISE(vertex, p) noise(p)
#define PLACE(vertex, found) found
#define CUBE(x) pow(x, 3.0)
#endif
flat in int material;
layout(location = 0) out vec4 out_light;   // light that falls on the surface; alpha: how far it spreads below
layout(location = 1) out vec4 out_albedo;  // linear colour; alpha: material
layout(location = 2) out vec4 out_shine;   // light mirrored at the surface
uniform sampler2D face_masks;              // lips, brows, beard, lid rims
uniform vec3 skin_color, lip_color, brow_color, hair_color, beard_color, iris_color, iris_inner, teeth_color;
uniform vec3 cloth_color, cloth_second, glasses_color, earring_color, hat_color, hat_band;
uniform vec3 neckwear_color, neckwear_second;
uniform float glasses_metal, hat_knit, hat_banded, neckwear_knit;
uniform float lip_strength, brow_strength, stubble, blush, freckles, tired, age, oil, pores, pupil;
uniform float liner;
uniform int cloth_pattern;
uniform vec4 wrinkles;                     // brow raised, brow drawn together, eyes squeezed, smile
uniform vec4 softbox;                      // direction and angular radius (radians) of the catchlight
uniform vec3 softbox_color;
uniform float collar_depth;

const float LIPS_Z = 11.3;                 // of the inner lips on the neutral head
// Mikkelsen, "Bump Mapping Unparametrized Surfaces on the GPU" (2010).
vec3 bump(vec3 n, float height) {
  vec3 dx = dFdx(position), dy = dFdy(position);
  vec3 r1 = cross(dy, n), r2 = cross(n, dx);
  float det = dot(dx, r1);
  vec3 gradient = sign(det) * (dFdx(height) * r1 + dFdy(height) * r2);
  return normalize(abs(det) * n - gradient);
}
// 1 on the line between two teeth, 0 on a tooth. x: cm from the middle of the neutral head, along which the
// measured edges of its teeth lie.
float between_teeth(float x, bool upper) {
  const float UPPER[5] = float[](0.0, 0.86, 1.50, 2.13, 2.47), LOWER[5] = float[](0.0, 0.54, 1.10, 1.72, 2.18);
  float nearest = 9.0;
  for (int i = 0; i < 5; i++) nearest = min(nearest, abs(x - (upper ? UPPER[i] : LOWER[i])));
  nearest /= 0.07;
  return exp(-nearest * nearest);
}
// The rows overlap in height: the lower incisors' edge lies just behind the upper ones'.
bool upper_tooth() { return rest.y > mix(-3.42, -3.34, smoothstep(0.8, 1.3, abs(rest.x))); }
// Compiled once for each group: a renderer on a CPU runs every branch that is left in, taken or not.
bool shows(int kind, int group) { return GROUP == group && material == kind; }

#ifdef QUICK
uniform float lip_gap;                     // cm between the inner lips, less where a round mouth lets less light in
uniform float lip_reach;                   // cm from the mouth's middle to its corners
// The share of the light before the mouth that reaches a place behind the lips: the gap as it is seen from there.
float let_in(float z) {
  float depth = 1.3 * max(LIPS_Z - z, 0.0);
  return lip_gap * lip_gap / (lip_gap * lip_gap + depth * depth + 0.02);
}
// 1 in a mouth that stands wide open: on films tongue and palate are lit in it, and upper teeth no brighter.
float wide() { return smoothstep(1.0, 2.5, lip_gap); }
// Of the light inside a mouth, what darker lips and cheeks leave of it, and one mouth against another. With as red
// a tongue in every face, a dark one's was 1.9 times as bright as its skin, and so were those of dim paintings.
float inner() {
  float fair = dot(skin_color, vec3(0.333)) / 0.25;
  return clamp(pow(fair, 1.3), 0.12, 1.0) * mix(0.65, 1.25, fract(noise_offset.y * 13.0));
}
// Lips that are a little apart shade all that is between them, but for those drawn wide by a smile: on the clips,
// right below the upper lip, one who talks has .7 of the skin's light there, another, and one who smiles, 1.0. In
// the narrowest smiles this holds for the upper teeth alone: right above the lower lip all three have .6 to .8.
float narrow(bool upper_teeth) {
  float smile = smoothstep(2.05, 2.6, lip_reach), close = 1.0 - smoothstep(0.7, 1.8, lip_gap);
  return close * (1.0 - (upper_teeth ? 0.8 : 0.8 * smoothstep(0.4, 1.0, lip_gap)) * smile);
}
#endif
void main() {
  vec3 n = normalize(normal), v = normalize(camera_position - position);
  if (!gl_FrontFacing && material >= CLOTH) n = -n;
  vec3 albedo = vec3(0.5);
  float roughness = 0.5, f0 = 0.028, spread = 0.0, shade = 1.0, coat = 0.0;
  vec3 mirror = vec3(0.0);
  vec3 side = vec3(abs(rest.x), rest.yz);
  vec3 q = rest * 0.05 + noise_offset;

  if (GROUP == SKIN_GROUP) {
    float broad = NOISE(mottle.x, q * 0.9), middle = NOISE(mottle.y, q * 6.0), fine = NOISE(mottle.z, q * 23.0);
#ifndef QUICK
    broad += 0.5 * noise(q * 2.3);
#endif
    spread = 1.0;
    albedo = skin_color * (1.0 + 0.10 * broad + 0.10 * middle + 0.08 * fine * pores);
    vec4 zone = PLACE(zones, face_zones(rest)), fold_at = PLACE(folds, face_folds(rest));
    float red = blush * zone.x * (1.0 + 1.5 * middle);
    albedo *= mix(vec3(1.0), vec3(1.10, 0.74, 0.70), clamp(red, 0.0, 1.0));
    // The forehead is a little yellower, the lower face a little cooler.
    albedo *= mix(vec3(1.0), vec3(1.02, 1.0, 0.93), smoothstep(5.0, 9.0, rest.y) * 0.6);
    albedo *= 1.0 - (tired * zone.y + 0.25 * zone.z) * vec3(0.22, 0.30, 0.24);
    float spots = smoothstep(0.16, 0.27, NOISE(specks.x, q * 31.0) + 0.35 * broad);
    albedo *= 1.0 - freckles * spots * exp(-pow((side.y - 1.0) / 3.2, 2.0)) * vec3(0.28, 0.42, 0.5);
    float blotch = smoothstep(0.10, 0.30, NOISE(specks.y, q * 9.0 + 0.3) + 0.3 * broad);
    albedo *= 1.0 - max(age - 0.4, 0.0) * 0.35 * blotch * vec3(0.6, 0.9, 1.0);
    // Pores and fine lines; folds where expressions put them.
    float relief = pores * (0.0022 * NOISE(0.0, q * 45.0) + 0.010 * noise(q * 22.0)) + 0.02 * age * NOISE(specks.y, q * vec3(9.0, 16.0, 9.0));
    float waves = rest.y + 0.5 * NOISE(mottle.x, vec3(rest.x * 0.035, rest.y * 0.02, noise_offset.z)) + 0.012 * rest.x * rest.x;
    float broken = 0.6 + 1.6 * NOISE(mottle.y, vec3(rest.x * 0.05, rest.y * 0.12, noise_offset.x));
    relief -= (wrinkles.x * 0.09 + 0.045 * max(age - 0.3, 0.0)) * fold_at.x * broken * CUBE(0.5 + 0.5 * cos(waves * 8.0));
    float frown = exp(-pow((abs(rest.x) - 0.55 - 0.10 * NOISE(mottle.y, q * 4.0)) / 0.16, 2.0)) * fold_at.y;
    relief -= (wrinkles.y * 0.13 + 0.05 * max(age - 0.4, 0.0)) * frown;
    vec2 corner = vec2(side.x - 4.7, side.y - 3.4);
    float fan = atan(corner.y, corner.x);
    relief -= (wrinkles.z * 0.07 + 0.05 * max(age - 0.35, 0.0)) * fold_at.z * pow(0.5 + 0.5 * cos(fan * 15.0 + 5.0 * NOISE(mottle.x, q * 3.0)), 2.0);
    relief -= (wrinkles.z * 0.04 + 0.05 * max(age - 0.3, 0.0)) * fold_at.w * pow(0.5 + 0.5 * cos((side.y - 0.12 * (side.x - 3.0) * (side.x - 3.0)) * 14.0), 2.0);
#ifdef QUICK
    // The fold from the nose's wing to beside the mouth's corner, which a smile deepens.
    float t = clamp((-0.5 - rest.y) / 3.3, 0.0, 1.0);
    float fold = exp(-pow((side.x - 2.15 - 1.5 * sqrt(t)) / 0.17, 2.0)) * smoothstep(0.02, 0.2, t) * (1.0 - smoothstep(0.7, 1.0, t)) * step(6.0, rest.z);
    relief -= (wrinkles.w * 0.10 + 0.07 * max(age - 0.35, 0.0)) * fold;
#endif
    roughness = mix(0.52, 0.40, oil);
    roughness -= 0.06 * zone.w;
    f0 = 0.028 * (0.7 + 0.6 * oil) * (1.0 + 1.2 * middle);
    if (material == FACE) {
      vec4 mask = texture(face_masks, texture_at);
      float lip = smoothstep(0.15, 0.75, mask.r);
      float lines = noise(rest * vec3(0.9, 0.10, 0.10) + noise_offset);
      albedo = mix(albedo, lip_color * (1.0 + 0.30 * lines + 0.2 * middle), lip * lip_strength);
      relief += lip * 0.03 * lines;
      roughness = mix(roughness, 0.33, lip);
      f0 = mix(f0, 0.032, lip);
      float patchy = NOISE(mottle.w, q * 14.0) + 0.5 * NOISE(mottle.z, q * 40.0);
      albedo = mix(albedo, brow_color, clamp(mask.g * brow_strength * (0.75 + 1.2 * patchy), 0.0, 0.85));
      float shadowed = mask.b * (1.0 - lip) * stubble;
      albedo = mix(albedo, mix(beard_color, skin_color * 0.45, 0.25), clamp(shadowed * (0.65 + 0.9 * patchy), 0.0, 0.88));
      // Wet pink rim of the lids, the shade where the lips meet, and a painted line on the lashes where there is make-up.
      float lid_rim = mask.a * step(0.0, rest.y), seam = mask.a * (1.0 - step(0.0, rest.y));
      albedo = mix(albedo, vec3(0.42, 0.17, 0.14), lid_rim * 0.35);
#ifdef QUICK
      // Open lips still touch at the corners.
      seam *= 1.0 - 0.6 * smoothstep(0.05, 0.4, lip_gap) * (1.0 - smoothstep(0.5, 0.95, side.x / lip_reach));
#endif
      albedo *= 1.0 - 0.65 * seam;
      f0 *= 1.0 - 0.8 * seam;
      albedo *= 1.0 - liner * smoothstep(0.2, 0.8, mask.a) * step(3.3, rest.y) * 0.8;
#ifdef QUICK
      // The upper lid, by cm above its rim: the lashes' roots, which strands are too few for, its fold, and shade.
      vec3 own = fract(noise_offset * vec3(5.3, 7.7, 3.1));
      float along = side.x - 3.15, above = rest.y - 4.02 + 0.25 * along * along;
      float on_lid = step(6.0, rest.z) * (1.0 - smoothstep(1.2, 1.75, abs(side.x - 3.3)));
      float hairs = mix(0.45, 0.8, own.x) * exp(-pow(above / 0.12, 2.0)) * smoothstep(-0.2, -0.05, above);
      float crease = mix(0.1, 0.5, own.y) * exp(-pow((above - 0.25 - 0.25 * own.z) / 0.07, 2.0));
      float under_brow = mix(0.1, 0.35, own.z) * exp(-pow((above - 0.2) / 0.55, 2.0));
      albedo *= 1.0 - on_lid * (1.0 - (1.0 - hairs) * (1.0 - crease) * (1.0 - under_brow)) * vec3(0.9, 1.0, 1.0);
#endif
    }
    float root = smoothstep(0.25, 0.8, roots + 0.5 * middle + 0.25 * fine);
    albedo = mix(albedo, hair_color * 0.5, root * 0.88);
    f0 *= 1.0 - 0.7 * root;
    if (material == EYE_SOCKET) albedo *= vec3(0.55, 0.35, 0.33);
    n = bump(n, relief);
  } else if (shows(MOUTH, MOUTH_GROUP)) {
    // A mouth is red all around: light goes to and fro, and the deepest place is dark red, not black.
    albedo = vec3(0.42, 0.16, 0.16);
    shade = mix(0.36, 0.80, smoothstep(3.0, 10.5, rest.z));
#ifdef QUICK
    shade *= mix(0.75, 2.4, wide());
#endif
    spread = 0.6;
  } else if (shows(GUMS, MOUTH_GROUP)) {
    albedo = vec3(0.48, 0.16, 0.15) * (1.0 + 0.5 * noise(rest * 0.45));
    shade = mix(0.16, 1.0, smoothstep(4.0, 10.2, rest.z));
#ifdef QUICK
    shade *= mix(0.45, 1.0, let_in(rest.z));
#endif
    roughness = 0.30;
    f0 = 0.03;
    spread = 0.6;
    n = bump(n, 0.02 * noise(rest * 1.3));
  } else if (shows(TONGUE, MOUTH_GROUP)) {
    albedo = vec3(0.58, 0.22, 0.20) * (1.0 + 0.5 * noise(rest * 0.5));
    albedo *= 1.0 - 0.25 * exp(-pow(rest.x / 0.18, 2.0));
    shade = mix(0.15, 1.0, smoothstep(5.0, 9.8, rest.z));
#ifdef QUICK
    shade = min(shade, mix(0.30, 1.0, let_in(rest.z)));
    albedo *= vec3(0.92, 0.86, 0.94) * mix(0.72, 1.35, wide());
#endif
    roughness = 0.32;
    f0 = 0.03;
    spread = 0.8;
    n = bump(n, 0.02 * noise(rest * 1.6));
  } else if (shows(TEETH, MOUTH_GROUP)) {
    // Towards the back the teeth darken: light hardly reaches them, and bright molars look like fangs.
    float back = smoothstep(7.2, 10.2, rest.z);
    albedo = teeth_color * (1.0 + 0.08 * noise(rest * 0.5)) * mix(0.75, 1.0, back);
    bool upper = upper_tooth();
    float gumline = upper ? 1.0 - smoothstep(-2.1, -1.2, rest.y) : smoothstep(-5.2, -4.4, rest.y);
    albedo *= mix(vec3(0.85, 0.70, 0.55), vec3(1.0), gumline);
    shade = mix(0.2, 1.0, back) * (upper ? 1.0 : 0.6);
    // Cheeks and the mouth's corners keep light from the premolars: the dark beside every smile.
    shade *= mix(0.4, 1.0, 1.0 - smoothstep(0.9, 2.3, side.x));
    albedo *= 1.0 - 0.4 * between_teeth(side.x, upper);
#ifdef QUICK
    // Little light comes to where the lips meet, however narrow they are held, nor down to the lower teeth.
    shade *= 1.85 * mix(1.0, 0.42, smoothstep(0.45, 1.0, side.x / lip_reach)) * (upper ? 1.0 - 0.35 * wide() : 0.8);
#endif
    roughness = 0.25;
    f0 = 0.035;
    spread = 0.5;
  } else if (shows(EYE, EYE_GROUP)) {
    vec3 d = normalize(rest);
    float from_axis = degrees(acos(clamp(d.z, -1.0, 1.0)));
    float around = atan(d.y, d.x);
    // As bright against the skin as on films, where colour bleeds into so small a thing: warm, no porcelain.
#ifdef QUICK
    // Dull beside the iris, where at rest most of the white is: on two clips it has .7 to .8 of its light up to
    // 1.5 radii of the iris. A look aside shows how bright it is beyond.
    vec3 sclera = vec3(0.76, 0.69, 0.61) * mix(0.50, 1.0, smoothstep(29.0, 46.0, from_axis));
    float reddish = 0.06, red_from = 38.0;
#else
    vec3 sclera = vec3(0.54, 0.465, 0.40) * (1.0 - 0.30 * smoothstep(30.0, 62.0, from_axis));
    float reddish = 0.10, red_from = 32.0;
#endif
    sclera *= 0.88 + 0.24 * fract(noise_offset.x * 7.0);
    float vein = smoothstep(0.10, 0.16, abs(noise(vec3(around * 0.9, from_axis * 0.012, noise_offset.x))) * -1.0 + 0.14);
    sclera = mix(sclera, vec3(0.62, 0.28, 0.24), (reddish + 0.15 * vein) * smoothstep(red_from, red_from + 28.0, from_axis));
    float fibre = noise(vec3(around * 1.3, from_axis * 0.010, noise_offset.x)) + 0.7 * noise(vec3(around * 3.3, from_axis * 0.02, noise_offset.y));
    float into = smoothstep(pupil, 23.0, from_axis);
    vec3 iris = mix(iris_inner, iris_color, smoothstep(0.10, 0.45, into + 0.3 * fibre)) * (0.85 + 1.1 * fibre);
    // Light that enters on one side glows on the other.
    iris *= 1.2 + 1.0 * clamp(0.5 - 0.9 * d.y, 0.0, 1.0);
    iris *= 1.0 - 0.65 * smoothstep(19.5, 24.5, from_axis);
    albedo = mix(iris, sclera, smoothstep(23.0, 26.5, from_axis));
    float black = 0.004;
#ifdef QUICK
    // On films what is around is mirrored in the whole eye: pupils are seldom black, and irises lighter. Less so
    // where the picture is exposed for darker skin.
    float veil = 0.06 * dot(skin_color, vec3(0.333));
    black = 0.002 + veil;
    albedo = mix(1.4 * mix(vec3(dot(albedo, vec3(0.333))), albedo, 0.75) + veil, albedo, smoothstep(23.0, 26.5, from_axis));
#endif
    albedo = mix(vec3(black), albedo, smoothstep(pupil - 1.2, pupil + 1.0, from_axis));
    roughness = 0.18;
    f0 = 0.02;
    spread = 0.25;
    vec3 r = reflect(-v, n);
    float angle = acos(clamp(dot(r, softbox.xyz), -1.0, 1.0));
    float seen = 1.0 - smoothstep(softbox.w * 0.8, softbox.w * 1.1, angle);
    coat = 0.02 + 0.98 * pow(1.0 - max(dot(n, v), 0.0), 5.0);
    mirror = softbox_color * seen * 1.6;
  } else if (shows(CARUNCLE, MOUTH_GROUP)) {
    albedo = vec3(0.55, 0.24, 0.20);
    roughness = 0.25;
    f0 = 0.03;
    spread = 0.7;
  } else if (shows(GLASSES, WORN_GROUP)) {
    albedo = glasses_color;
    roughness = glasses_metal > 0.5 ? 0.25 : 0.35;
    f0 = glasses_metal > 0.5 ? 0.5 : 0.04;
  } else if (shows(EARRING, WORN_GROUP)) {
    albedo = earring_color;
    roughness = 0.25;
    f0 = 0.5;
  } else if (shows(HAT, KNIT_GROUP)) {
    float knit = hat_knit * (0.5 + 0.5 * sin(texture_at.x * 380.0)) * 0.08;
    albedo = mix(hat_color, hat_band, step(texture_at.y, 0.16) * hat_banded) * (1.0 + 0.35 * noise(rest * 0.09 + noise_offset) + 0.3 * noise(rest * vec3(0.9, 2.4, 0.9)));
    roughness = 0.9;
    f0 = 0.02;
    n = bump(n, knit + 0.05 * noise(rest * 1.2));
  } else if (shows(NECKWEAR, KNIT_GROUP)) {
    // Wool is coarse; shirts and silk are smooth.
    float coarse = mix(0.15, 1.0, neckwear_knit), knit = neckwear_knit * (0.5 + 0.5 * sin(texture_at.x * 380.0)) * 0.08;
    float weave = 0.35 * noise(rest * 0.09 + noise_offset) + 0.3 * noise(rest * vec3(0.9, 2.4, 0.9));
    albedo = mix(neckwear_color, neckwear_second, step(texture_at.y, 0.16)) * (1.0 + coarse * weave);
    roughness = mix(0.75, 0.9, neckwear_knit);
    f0 = 0.02;
    n = bump(n, knit + 0.05 * coarse * noise(rest * 1.2));
  } else if (shows(CLOTH, WORN_GROUP)) {
    float weave = NOISE(mottle.z, rest * vec3(0.9, 2.4, 0.9)) * 0.5 + NOISE(mottle.x, rest * 0.06 + noise_offset);
    float second = 0.0;
    if (cloth_pattern == 1) second = smoothstep(0.48, 0.52, abs(fract(rest.y * 0.28) - 0.5) * 2.0);
    if (cloth_pattern == 2) second = 0.5 * step(0.8, fract(rest.y * 0.35)) + 0.5 * step(0.8, fract(rest.x * 0.35));
    if (cloth_pattern == 4) {
      // A jacket over a shirt: the opening widens upwards to the neck, with a lapel's edge beside it.
      float opening = step(abs(rest.x), (rest.y + 27.0) * 0.30) * step(0.0, rest.z);
      float edge = abs(abs(rest.x) - (rest.y + 27.0) * 0.30);
      second = opening;
      weave -= 0.9 * (1.0 - smoothstep(0.0, 0.30, edge)) * step(0.0, rest.z);
      weave -= opening * 1.2 * (1.0 - smoothstep(0.03, 0.10, abs(rest.x)));
    }
    if (cloth_pattern == 3) weave += 1.4 * noise(rest * vec3(0.25, 0.9, 0.25));
    albedo = mix(cloth_color, cloth_second, second) * (1.0 + 0.30 * weave);
    roughness = 0.85;
    f0 = 0.02;
    n = bump(n, 0.05 * NOISE(0.0, rest * vec3(1.1, 1.4, 1.1)) + 0.25 * NOISE(mottle.x, rest * vec3(0.045, 0.03, 0.05) + noise_offset));
  }

  vec3 light = vec3(0.0), spec = vec3(0.0);
  vec3 teeth_light = vec3(1.10, 0.95, 1.02);
#ifdef QUICK
  // Far back even teeth are red: grey ones look like a hole with mould.
  teeth_light = mix(vec3(1.25, 0.80, 0.80), teeth_light, smoothstep(8.0, 10.0, rest.z));
  // Little light reaches the corners: on four clips they have .6 of what is in the middle.
  bool soft = material == MOUTH || material == GUMS || material == TONGUE;
  if (GROUP == MOUTH_GROUP && soft) {
    shade *= mix(0.6, 1.0, 1.0 - smoothstep(1.0, 2.4, side.x));
    shade *= mix(1.0, 0.7, smoothstep(0.45, 1.0, side.x / lip_reach)) * inner();
  }
  if (GROUP == MOUTH_GROUP) shade *= mix(1.0, 0.33, narrow(material == TEETH && upper_tooth()));
  // Inside the mouth `shade` knows better: at rest it is shut.
  // What lips and cheeks throw back into it is warm.
  light = ambient(n) * (GROUP == MOUTH_GROUP ? vec3(0.85, 0.66, 0.60) : vec3(openness));
#endif
  float nv = max(dot(n, v), 0.12);
  vec3 face_normal = normalize(normal) * (!gl_FrontFacing && material >= CLOTH ? -1.0 : 1.0);
  for (int i = 0; i < LIGHTS; i++) {
    vec3 l = light_direction[i];
    float nl = dot(n, l);
    float wrapped = spread > 0.9 ? (nl + 0.15) / 1.15 : nl;
    if (wrapped <= 0.0) continue;
    float slope = 1.0 - max(dot(face_normal, l), 0.0);
    vec3 above = position + face_normal * (0.05 + 0.12 * slope);
#ifdef QUICK
    // Teeth glow and hand light on: on films of real speech they are as bright as the skin around them.
    float s = GROUP == MOUTH_GROUP ? 0.65 + 0.35 * shadows[i] : shadows[i];
#else
    float s = lit(i, above, 0.0012 + 0.0015 * slope);
#endif
    light += light_color[i] * wrapped * s;
    if (nl > 0.0 && i < lamp_count) {
      vec3 h = normalize(l + v);
      float nh = max(dot(n, h), 0.0), vh = max(dot(v, h), 0.0);
      float lobes = 0.65 * ggx(nl, nv, nh, vh, roughness, f0);
      if (spread > 0.9) lobes += 0.35 * ggx(nl, nv, nh, vh, roughness * 0.62, f0);
      spec += light_color[i] * nl * s * lobes;
    }
  }
  // Between red walls all light turns red. On four clips what is inside the lips is, against the skin around
  // it, .08 redder than green; without this it was .02 greener.
  if (GROUP == MOUTH_GROUP) light *= material == TEETH ? teeth_light : vec3(1.15, 0.92, 0.90);
  if (shows(EYE, EYE_GROUP)) {
    float sky = 0.0;
    spec = spec * 0.3 + mirror * (0.15 + coat * 8.0) * smoothstep(0.02, 0.35, dot(light, vec3(0.33)));
  }
  out_light = vec4(light * shade, spread);
  out_albedo = vec4(clamp(albedo, 0.0, 1.0), float(material));
  out_shine = vec4(spec * shade, 1.0);
}
