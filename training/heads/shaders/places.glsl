// Places on the neutral head, in cm: the same for all people, and smooth enough for vertices to carry them.
float bell(vec3 p, vec3 centre, vec3 size) {
  vec3 d = (p - centre) / size;
  return exp(-dot(d, d));
}
// What blushes, the shade under the eyes, the lids, and what shines.
vec4 face_zones(vec3 rest) {
  vec3 side = vec3(abs(rest.x), rest.yz);
  float cheek = bell(side, vec3(4.6, 0.3, 8.6), vec3(2.2, 2.0, 3.0));
  float nose = bell(side, vec3(0.0, 0.3, 12.6), vec3(1.5, 1.4, 1.8));
  float ear = smoothstep(7.4, 8.6, side.x) * step(side.z, 4.0);
  float chin = bell(side, vec3(0.0, -6.5, 10.0), vec3(2.0, 1.4, 3.0));
  float under = exp(-pow((side.x - 3.1) / 1.5, 2.0) - pow((side.y - 2.25) / 0.5, 2.0)) * step(6.0, side.z);
  float lid = bell(side, vec3(3.1, 4.3, 9.2), vec3(1.7, 0.8, 1.4));
  float tee = bell(side, vec3(0.0, 8.0, 10.0), vec3(3.5, 2.0, 3.0)) + nose + 0.5 * cheek;
  return vec4(cheek + 0.7 * nose + 0.9 * ear + 0.3 * chin, under, lid, clamp(tee, 0.0, 1.0));
}
// Where skin folds: forehead, between the brows, crow's feet, below the eyes.
vec4 face_folds(vec3 rest) {
  vec3 side = vec3(abs(rest.x), rest.yz);
  float forehead = smoothstep(7.0, 7.8, rest.y) * (1.0 - smoothstep(9.4, 10.2, rest.y)) * exp(-pow(rest.x / 4.2, 2.0)) * step(6.0, rest.z);
  float frown = bell(vec3(0.0, rest.yz), vec3(0.0, 6.3, 10.5), vec3(1.0, 0.9, 2.0));
  vec2 corner = vec2(side.x - 4.7, side.y - 3.4);
  float crow = bell(side, vec3(6.0, 3.3, 7.6), vec3(0.9, 1.3, 1.6)) * smoothstep(0.2, 0.5, length(corner));
  float below = bell(side, vec3(3.2, 2.2, 9.2), vec3(1.7, 0.45, 1.4));
  return vec4(forehead, frown, crow, below);
}
