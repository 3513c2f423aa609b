#version 330
invariant gl_Position;  // depth is filled first, colour after: both must agree to the bit
uniform mat4 view_projection;
in vec3 in_position;
void main() { gl_Position = view_projection * vec4(in_position, 1.0); }
