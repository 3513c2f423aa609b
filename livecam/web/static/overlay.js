// The portrait alone with real transparency, for a browser source. It comes back by itself.
//
// A message is one whole picture: WebP or PNG with its own transparency, or a JPEG twice as high, with the
// picture in its upper half and how opaque it is, as a grey, in its lower one.

import { Stream } from "./connection.js";

const VERTICES = `
attribute vec2 corner;
varying vec2 at;
void main() { at = corner * vec2(.5, -.5) + .5; gl_Position = vec4(corner, 0., 1.); }`;
const COLOURS = `
precision mediump float;
varying vec2 at;
uniform sampler2D image;
uniform float halves;
void main() {
  vec4 seen = texture2D(image, halves > .5 ? vec2(at.x, at.y * .5) : at);
  float opaque = halves > .5 ? texture2D(image, vec2(at.x, .5 + at.y * .5)).r : seen.a;
  gl_FragColor = vec4(seen.rgb * opaque, opaque);
}`;

const canvas = document.getElementById("overlay");
const gl = canvas.getContext("webgl", { alpha: true, premultipliedAlpha: true, antialias: false, depth: false, preserveDrawingBuffer: true });

function shader(kind, source) {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  return made;
}

const program = gl.createProgram();
gl.attachShader(program, shader(gl.VERTEX_SHADER, VERTICES));
gl.attachShader(program, shader(gl.FRAGMENT_SHADER, COLOURS));
gl.linkProgram(program);
gl.useProgram(program);
gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
gl.enableVertexAttribArray(0);
gl.bindAttribLocation(program, 0, "corner");
gl.vertexAttribPointer(gl.getAttribLocation(program, "corner"), 2, gl.FLOAT, false, 0, 0);
gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]])
  gl.texParameteri(gl.TEXTURE_2D, name, value);

async function draw(data) {
  const halves = new Uint8Array(data, 0, 1)[0] === 0xff; // a JPEG's first byte
  const bitmap = await createImageBitmap(new Blob([data]), { premultiplyAlpha: "none" });
  const height = halves ? bitmap.height / 2 : bitmap.height;
  if (canvas.width !== bitmap.width || canvas.height !== height) Object.assign(canvas, { width: bitmap.width, height });
  gl.viewport(0, 0, bitmap.width, height);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.uniform1f(gl.getUniformLocation(program, "halves"), halves ? 1 : 0);
  gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  bitmap.close();
}

new Stream("overlay-pictures", draw, {
  state: (open) => {
    if (!open) gl.clear(gl.COLOR_BUFFER_BIT); // livecam is gone: rather nothing than a still face
  },
}).start();
