/* Draws bones on a WebGL 2 canvas: arms side by side, cut, deformed, coloured by a field. */
"use strict";

const VERTEX = `#version 300 es
in vec3 place; in vec3 rest; in vec3 normal; in vec3 colour;
uniform mat3 turn; uniform vec3 centre; uniform vec2 scale; uniform float depth; uniform float lift;
out vec3 vRest; out vec3 vNormal; out vec3 vColour;
void main() {
  vec3 seen = turn * (place - centre);
  gl_Position = vec4(seen.xy * scale, -seen.z * depth - lift, 1.0);
  vRest = rest; vNormal = turn * normal; vColour = colour;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 vRest; in vec3 vNormal; in vec3 vColour;
uniform vec4 cut; uniform float alpha; uniform float flatness;
out vec4 shown;
void main() {
  if (dot(vRest, cut.xyz) > cut.w) discard;
  float facing = abs(normalize(vNormal + vec3(1e-9)).z);
  shown = vec4(vColour * mix(0.38 + 0.62 * facing, 1.0, flatness), alpha);
}`;
const NO_CUT = [0, 0, 0, 1];
const TYPES = { float32: Float32Array, int32: Int32Array, int16: Int16Array, uint8: Uint8Array };

/** The arrays of a scene by name, from base64 of their gzip. */
async function unpacked(text, places) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = await new Response(stream).arrayBuffer();
  const out = {};
  for (const [name, [type, start, n]] of Object.entries(places)) {
    out[name] = new TYPES[type](data, start, n);
  }
  return out;
}

/** A colour between the stops of a map, as three numbers from 0 to 1; share from 0 to 1. */
function mapped(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2), t = at - i;
  return stops[i].map((low, k) => low + t * (stops[i + 1][k] - low));
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

/** Triangles or lines of one arm in one state: place, rest, normal and colour of every corner. */
class Soup {
  constructor() { this.data = []; }
  add(place, rest, normal, colour) {
    this.data.push(...place, ...rest, ...normal, ...colour);
  }
  get array() { return new Float32Array(this.data); }
}

/** The geometry of a scene: what to draw of one arm under one load. */
class Geometry {
  constructor(head, arrays) {
    this.head = head;
    this.arrays = arrays;
    this.n = arrays.points.length / 3;
    this.stops = Object.fromEntries(Object.entries(head.maps).map(([k, v]) => [k, v.map(rgb)]));
    this.regionColours = head.look.map((look) => rgb(look.colour));
    this.missing = rgb(head.missing_colour);
  }

  /** Vertices moved by an exaggerated displacement. */
  moved(state, factor) {
    const rest = this.arrays.points, motion = this.arrays[`motion ${state}`];
    const step = (factor * this.head.states[state].reach) / 32767, out = new Float32Array(rest.length);
    for (let i = 0; i < out.length; i++) out[i] = rest[i] + step * motion[i];
    return out;
  }

  /** A function from (cell, vertex) to its colour. */
  colouring(arm, load, field) {
    const state = `${arm} ${load}`, labels = this.arrays[`labels ${arm}`];
    if (field === "region") return (cell) => this.regionColours[labels[cell]];
    const stops = this.stops[field], range = this.head.ranges[load][field];
    if (field === "displacement") {
      const motion = this.arrays[`motion ${state}`], step = this.head.states[state].reach / 32767 / range[1];
      return (cell, v) => mapped(stops, step * Math.hypot(motion[3 * v], motion[3 * v + 1], motion[3 * v + 2]));
    }
    const levels = this.arrays[`${field} ${state}`], top = this.head.levels;
    const table = Array.from({ length: top + 1 }, (_, i) => mapped(stops, i / top));
    return (cell) => (levels[cell] > top ? this.missing : table[levels[cell]]);
  }

  /** Bone, items, cut faces and outlines of a tile. */
  tile(arm, load, field, factor, cut) {
    const place = this.moved(`${arm} ${load}`, factor), rest = this.arrays.points;
    const colour = this.colouring(arm, load, field);
    const out = { bone: new Soup(), items: new Soup(), faces: new Soup(), lines: new Soup() };
    const height = cut ? this.heights(cut) : null;
    this.addFacets(out, arm, place, rest, colour, height);
    if (cut) this.addFaces(out.faces, place, rest, colour, height, cut);
    return Object.fromEntries(Object.entries(out).map(([name, soup]) => [name, soup.array]));
  }

  /** Height of every vertex over the cut. */
  heights(cut) {
    const p = this.arrays.points, out = new Float32Array(this.n);
    for (let i = 0; i < this.n; i++) out[i] = p[3 * i] * cut[0] + p[3 * i + 1] * cut[1] + p[3 * i + 2] * cut[2] - cut[3];
    return out;
  }

  addFacets(out, arm, place, rest, colour, height) {
    const { triangles, sides } = this.arrays, labels = this.arrays[`labels ${arm}`], look = this.head.look;
    const smooth = this.normals(place);
    for (let t = 0; t < sides.length / 2; t++) {
      const inner = sides[2 * t], outer = sides[2 * t + 1];
      if (outer >= 0 && labels[inner] === labels[outer]) continue;
      const isItem = look[labels[inner]].item || (outer >= 0 && look[labels[outer]].item);
      if (outer >= 0 && !isItem) continue;
      const cell = look[labels[inner]].item || outer < 0 ? inner : outer;
      const ids = [triangles[3 * t], triangles[3 * t + 1], triangles[3 * t + 2]];
      const flat = normalOf(place, ids);
      for (const v of ids) {
        const n = isItem ? flat : at(smooth, v);
        (isItem ? out.items : out.bone).add(at(place, v), at(rest, v), n, colour(cell, v));
      }
      if (height) addOutline(out.lines, ids, place, rest, height);
    }
  }

  /** Normals of the outer vertices, the mean of their facets. */
  normals(place) {
    const { triangles, sides } = this.arrays, out = new Float32Array(place.length);
    for (let t = 0; t < sides.length / 2; t++) {
      if (sides[2 * t + 1] >= 0) continue;
      const ids = [triangles[3 * t], triangles[3 * t + 1], triangles[3 * t + 2]], n = normalOf(place, ids);
      for (const v of ids) for (let k = 0; k < 3; k++) out[3 * v + k] += n[k];
    }
    return out;
  }

  /** The faces of all cells in the plane of the cut. */
  addFaces(soup, place, rest, colour, height, cut) {
    const { tetrahedra, owners } = this.arrays, normal = cut.slice(0, 3);
    for (let c = 0; c < owners.length; c++) {
      const ids = [0, 1, 2, 3].map((k) => tetrahedra[4 * c + k]);
      const above = ids.filter((v) => height[v] > 0), below = ids.filter((v) => height[v] <= 0);
      if (!above.length || !below.length) continue;
      const ring = above.length === 2
        ? [[above[0], below[0]], [above[0], below[1]], [above[1], below[1]], [above[1], below[0]]]
        : above.flatMap((a) => below.map((b) => [a, b]));
      for (let k = 1; k + 1 < ring.length; k++) {
        for (const [a, b] of [ring[0], ring[k], ring[k + 1]]) {
          const t = height[a] / (height[a] - height[b]);
          const near = t < 0.5 ? a : b;
          soup.add(between(place, a, b, t), between(rest, a, b, t), normal, colour(owners[c], near));
        }
      }
    }
  }
}

const at = (x, v) => [x[3 * v], x[3 * v + 1], x[3 * v + 2]];
const between = (x, a, b, t) => [0, 1, 2].map((k) => x[3 * a + k] + t * (x[3 * b + k] - x[3 * a + k]));

function normalOf(x, [a, b, c]) {
  const u = [0, 1, 2].map((k) => x[3 * b + k] - x[3 * a + k]), v = [0, 1, 2].map((k) => x[3 * c + k] - x[3 * a + k]);
  return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
}

/** Where a triangle meets the cut, as a line. */
function addOutline(soup, ids, place, rest, height) {
  const crossed = [];
  for (let k = 0; k < 3; k++) {
    const a = ids[k], b = ids[(k + 1) % 3];
    if (height[a] > 0 !== height[b] > 0) crossed.push([a, b, height[a] / (height[a] - height[b])]);
  }
  if (crossed.length !== 2) return;
  for (const [a, b, t] of crossed) soup.add(between(place, a, b, t), between(rest, a, b, t), [0, 0, 1], [0.1, 0.1, 0.1]);
}

/** The WebGL side: tiles in a grid, seen from one direction. */
class Painter {
  constructor(canvas, head) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { alpha: false, antialias: true, preserveDrawingBuffer: true });
    if (!this.gl) throw new Error("no WebGL 2");
    this.low = head.bounds[0];
    this.high = head.bounds[1];
    this.centre = this.low.map((low, k) => (low + this.high[k]) / 2);
    this.reach = Math.hypot(...this.low.map((low, k) => this.high[k] - low));
    this.program = this.build();
    this.tiles = [];
  }

  build() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    return program;
  }

  /** Take the geometry of every tile; what was there before goes. */
  load(tiles) {
    const gl = this.gl;
    for (const tile of this.tiles) for (const part of Object.values(tile)) gl.deleteBuffer(part.buffer);
    this.tiles = tiles.map((tile) => Object.fromEntries(Object.entries(tile).map(([name, data]) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      return [name, { buffer, count: data.length / 12 }];
    })));
  }

  /** Columns and rows of the grid that show the bone largest, and pixels per mm. */
  grid(view) {
    const width = this.canvas.width, height = this.canvas.height, n = Math.max(this.tiles.length, 1);
    const span = (axis) => axis.reduce((sum, x, k) => sum + Math.abs(x) * (this.high[k] - this.low[k]), 0);
    const wide = span(view.right), tall = span(view.up);
    let best = { size: 0 };
    for (let columns = 1; columns <= n; columns++) {
      const rows = Math.ceil(n / columns);
      const size = 0.88 * Math.min(width / columns / wide, (height / rows - 44) / tall);
      if (size > best.size) best = { size, columns, rows };
    }
    return best;
  }

  draw(view, look) {
    const gl = this.gl, { columns, rows, size } = this.grid(view);
    const width = this.canvas.width / columns, height = this.canvas.height / rows, zoom = size * view.zoom;
    gl.useProgram(this.program);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(1, 1, 1, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    const uniform = (name) => gl.getUniformLocation(this.program, name);
    const r = view.right, u = view.up, v = view.toward;
    gl.uniformMatrix3fv(uniform("turn"), false, [r[0], u[0], v[0], r[1], u[1], v[1], r[2], u[2], v[2]]);
    gl.uniform3fv(uniform("centre"), this.centre.map((x, k) => x - view.shift[0] * r[k] - view.shift[1] * u[k]));
    gl.uniform2f(uniform("scale"), (2 * zoom) / width, (2 * zoom) / height);
    gl.uniform1f(uniform("depth"), 0.9 / this.reach);
    this.tiles.forEach((tile, i) => {
      const x = (i % columns) * width, y = this.canvas.height - (Math.floor(i / columns) + 1) * height;
      gl.viewport(x, y, width, height);
      gl.scissor(x, y, width, height);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      this.drawTile(tile, look, uniform);
    });
    return { columns, rows, width, height, zoom };
  }

  drawTile(tile, look, uniform) {
    const gl = this.gl, pass = (part, mode, cut, alpha, flatness, lift) => {
      gl.uniform4fv(uniform("cut"), cut);
      gl.uniform1f(uniform("alpha"), alpha);
      gl.uniform1f(uniform("flatness"), flatness);
      gl.uniform1f(uniform("lift"), lift);
      this.drawPart(part, mode);
    };
    const cut = look.cut || NO_CUT;
    pass(tile.items, gl.TRIANGLES, cut, 1, 0, 0);
    pass(tile.faces, gl.TRIANGLES, NO_CUT, 1, 1, 0.0005);
    pass(tile.lines, gl.LINES, NO_CUT, 1, 1, 0.002);
    if (look.seeThrough) {
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
      gl.depthMask(false);
      gl.enable(gl.CULL_FACE);
    }
    pass(tile.bone, gl.TRIANGLES, cut, look.seeThrough ? 0.42 : 1, 0, 0);
    gl.disable(gl.BLEND);
    gl.disable(gl.CULL_FACE);
    gl.depthMask(true);
  }

  drawPart(part, mode) {
    const gl = this.gl;
    if (!part.count) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, part.buffer);
    ["place", "rest", "normal", "colour"].forEach((name, k) => {
      const place = gl.getAttribLocation(this.program, name);
      if (place < 0) return;
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 48, 12 * k);
    });
    gl.drawArrays(mode, 0, part.count);
  }
}

/** What is seen from an azimuth and an elevation, z staying up. */
function seenFrom(azimuth, elevation) {
  const a = (azimuth * Math.PI) / 180, e = (elevation * Math.PI) / 180;
  const right = [Math.cos(a), Math.sin(a), 0];
  const toward = [Math.sin(a) * Math.cos(e), -Math.cos(a) * Math.cos(e), Math.sin(e)];
  const up = [-Math.sin(a) * Math.sin(e), Math.cos(a) * Math.sin(e), Math.cos(e)];
  return { right, up, toward };
}
