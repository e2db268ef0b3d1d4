/* The controls of the scene: forms, keys, pointer; titles, scale bar and axes over the picture. */
"use strict";

const CUTS = {
  none: null,
  frontal: { normal: [0, -1, 0], view: [0, 0], words: "towards the back" },
  sagittal: { normal: [1, 0, 0], view: [90, 0], words: "towards the patient's right" },
  transverse: { normal: [0, 0, 1], view: [0, 60], words: "downwards" },
};
const VIEWS = { front: [0, 0], back: [180, 0], left: [90, 0], right: [-90, 0], above: [0, 89] };
const TURN = 10, ZOOM = 1.15, LARGEST = 0.12;

class SceneControls {
  constructor(root, head, arrays) {
    this.root = root;
    this.head = head;
    this.find = (name) => root.querySelector(`[name="${name}"]`);
    this.canvas = root.querySelector("canvas.bone");
    this.over = root.querySelector("canvas.over");
    this.geometry = new Geometry(head, arrays);
    this.painter = new Painter(this.canvas, head);
    this.view = { azimuth: 0, elevation: 0, zoom: 1, shift: [0, 0] };
    this.factors = head.loads.map((_, j) => this.largestFactor(j));
    this.listen();
    this.reset();
  }

  /** A round exaggeration that moves the bone by a tenth of its size. */
  largestFactor(load) {
    const wanted = (LARGEST * this.painter.reach) / this.head.ranges[load].displacement[1];
    const digit = 10 ** Math.floor(Math.log10(wanted));
    return Math.max(1, Math.floor(wanted / digit) * digit);
  }

  listen() {
    const { root, canvas } = this;
    root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["arm", "load", "field", "through"]) this.find(name).addEventListener("change", () => this.rebuild());
    for (const name of ["depth", "deform"]) this.find(name).addEventListener("input", () => this.rebuild());
    this.find("cut").addEventListener("change", () => this.newCut());
    for (const button of root.querySelectorAll("button[data-view]")) {
      button.addEventListener("click", () => this.look(...VIEWS[button.dataset.view]));
    }
    root.querySelector("button[data-reset]").addEventListener("click", () => this.reset());
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("pointerdown", (event) => this.hold(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  reset() {
    this.root.querySelector("form").reset();
    this.view = { azimuth: 0, elevation: 0, zoom: 1, shift: [0, 0] };
    this.newCut();
  }

  look(azimuth, elevation) {
    this.view = { azimuth, elevation, zoom: 1, shift: [0, 0] };
    this.redraw();
  }

  newCut() {
    const cut = CUTS[this.find("cut").value], slider = this.find("depth");
    slider.disabled = !cut;
    if (cut) {
      const [low, high] = this.span(cut), middle = cut.normal.reduce((sum, x, k) => sum + x * this.head.focus[k], 0);
      slider.min = 0;
      slider.max = (high - low).toFixed(1);
      slider.step = 0.5;
      slider.value = (high - middle).toFixed(1);
      [this.view.azimuth, this.view.elevation] = cut.view;
    }
    this.rebuild();
  }

  span(cut) {
    const ends = this.head.bounds.map((corner) => cut.normal.reduce((sum, x, k) => sum + x * corner[k], 0));
    return [Math.min(...ends), Math.max(...ends)];
  }

  /** The plane of the cut: its normal, and where it is along that. */
  plane() {
    const cut = CUTS[this.find("cut").value];
    return cut && [...cut.normal, this.span(cut)[1] - Number(this.find("depth").value)];
  }

  chosen() {
    const arm = this.find("arm").value;
    return {
      arms: arm === "all" ? this.head.arms.map((_, i) => i) : [Number(arm)],
      load: Number(this.find("load").value),
      field: this.find("field").value,
    };
  }

  rebuild() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      const { arms, load, field } = this.chosen(), factor = (this.factors[load] * this.find("deform").value) / 100;
      const known = arms.filter((arm) => this.head.states[`${arm} ${load}`]);
      this.shown = known;
      this.painter.load(known.map((arm) => this.geometry.tile(arm, load, field, factor, this.plane())));
      this.say(known, load, field, factor);
      this.legend(load, field);
      this.redraw();
    });
  }

  redraw() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of [this.canvas, this.over]) {
      canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    }
    if (!this.shown) return;
    const view = { ...this.view, ...seenFrom(this.view.azimuth, this.view.elevation) };
    const look = { cut: this.plane(), seeThrough: this.find("through").checked };
    const grid = this.painter.draw(view, look);
    this.write(grid, view, ratio);
    this.canvas.dataset.drawn = Number(this.canvas.dataset.drawn || 0) + 1;
  }

  /** Titles of the tiles, a scale bar, and where left, back and up are. */
  write(grid, view, ratio) {
    const ink = this.over.getContext("2d"), size = 13 * ratio;
    ink.clearRect(0, 0, this.over.width, this.over.height);
    ink.font = `600 ${size}px system-ui, sans-serif`;
    ink.fillStyle = ink.strokeStyle = "#1a1a1a";
    ink.textAlign = "center";
    this.shown.forEach((arm, i) => {
      const x = ((i % grid.columns) + 0.5) * grid.width, y = Math.floor(i / grid.columns) * grid.height;
      ink.fillText(this.head.arms[arm], x, y + 1.4 * size, grid.width - 8);
    });
    const bar = [100, 50, 20, 10, 5, 2, 1].find((mm) => mm * grid.zoom < 0.2 * this.over.width) || 1;
    const right = this.over.width - 12 * ratio, base = this.over.height - 12 * ratio;
    ink.lineWidth = 2 * ratio;
    ink.beginPath();
    ink.moveTo(right - bar * grid.zoom, base);
    ink.lineTo(right, base);
    ink.stroke();
    ink.fillText(`${bar} mm`, right - (bar * grid.zoom) / 2, base - 5 * ratio);
    this.axes(ink, view, ratio, size);
  }

  axes(ink, view, ratio, size) {
    const x = 44 * ratio, y = this.over.height - 40 * ratio, length = 22 * ratio;
    const ends = { left: [1, 0, 0], back: [0, 1, 0], up: [0, 0, 1] };
    ink.font = `${0.85 * size}px system-ui, sans-serif`;
    ink.lineWidth = 1.5 * ratio;
    for (const [name, axis] of Object.entries(ends)) {
      const dx = axis.reduce((sum, a, k) => sum + a * view.right[k], 0), dy = axis.reduce((sum, a, k) => sum + a * view.up[k], 0);
      if (Math.hypot(dx, dy) < 0.55) continue;
      ink.beginPath();
      ink.moveTo(x, y);
      ink.lineTo(x + dx * length, y - dy * length);
      ink.stroke();
      ink.fillText(name, x + dx * length * 1.6, y - dy * length * 1.45 + 0.3 * size);
    }
  }

  /** What is shown, in words; read aloud when it changes. */
  say(arms, load, field, factor) {
    const title = this.head.titles[field], parts = [];
    for (const arm of arms) {
      const peak = this.head.states[`${arm} ${load}`].peaks[field];
      if (peak) parts.push(`${this.head.arms[arm]} ${number(peak[0])} in ${peak[1]}`);
    }
    const peaks = parts.length ? ` Largest: ${parts.join("; ")}.` : "";
    const names = arms.map((arm) => this.head.arms[arm]).join(", ");
    const status = `${title.words} under ${this.head.loads[load]}: ${names}.${peaks}`;
    this.root.querySelector("[role=status]").textContent = status;
    this.canvas.setAttribute("aria-label", `3-D picture: ${status}`);
    const cut = CUTS[this.find("cut").value], depth = this.find("depth");
    const words = cut ? `${Number(depth.value).toFixed(1)} mm in, ${cut.words}` : "no cut";
    this.root.querySelector("output[data-of=depth]").textContent = words;
    depth.setAttribute("aria-valuetext", words);
    const times = factor === 0 ? "not deformed" : `${number(factor)} times as large as computed`;
    this.root.querySelector("output[data-of=deform]").textContent = times;
    this.find("deform").setAttribute("aria-valuetext", times);
  }

  legend(load, field) {
    const { bar, ends, regions, grey } = Object.fromEntries(
      ["bar", "ends", "regions", "grey"].map((name) => [name, this.root.querySelector(`.legend .${name}`)]));
    regions.hidden = field !== "region";
    bar.hidden = ends.hidden = field === "region";
    grey.hidden = field !== "risk";
    if (field === "region") return;
    const range = this.head.ranges[load][field], title = this.head.titles[field];
    bar.style.background = `linear-gradient(to right, ${this.head.maps[field].join(", ")})`;
    const words = [number(range[0]), `${title.words}${title.unit ? ` (${title.unit})` : ""}`, number(range[1])];
    if (!title.exact) words[range[1] === 0 ? 0 : 2] += range[1] === 0 ? " or less" : " or more";
    [...ends.children].forEach((child, i) => { child.textContent = words[i]; });
  }

  key(event) {
    const turns = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, TURN], ArrowDown: [0, -TURN] };
    const shift = 20 / (this.painter.grid({ ...this.view, ...seenFrom(this.view.azimuth, this.view.elevation) }).size * this.view.zoom);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (turns[event.key] && event.shiftKey) {
      this.view.shift = [this.view.shift[0] + Math.sign(turns[event.key][0]) * shift, this.view.shift[1] + Math.sign(turns[event.key][1]) * shift];
    } else if (turns[event.key]) {
      this.turn(...turns[event.key]);
    } else if (event.key === "+" || event.key === "=") this.zoom(ZOOM);
    else if (event.key === "-") this.zoom(1 / ZOOM);
    else if (event.key === "0") this.look(0, 0);
    else return;
    event.preventDefault();
    this.redraw();
  }

  turn(azimuth, elevation) {
    this.view.azimuth += azimuth;
    this.view.elevation = Math.min(89, Math.max(-89, this.view.elevation + elevation));
  }

  zoom(factor) {
    this.view.zoom = Math.min(40, Math.max(0.3, this.view.zoom * factor));
  }

  /** Follow a pointer that is held: turn, with shift or another button move; two fingers zoom. */
  hold(event) {
    const { canvas } = this, last = new Map([[event.pointerId, event]]);
    if (this.holding) { this.holding.set(event.pointerId, event); return; }
    this.holding = last;
    canvas.setPointerCapture(event.pointerId);
    const follow = (next) => { this.follow(next); this.redraw(); };
    const end = (next) => {
      this.holding.delete(next.pointerId);
      if (this.holding.size) return;
      this.holding = null;
      canvas.removeEventListener("pointermove", follow);
      canvas.removeEventListener("pointerup", end);
      canvas.removeEventListener("pointercancel", end);
    };
    canvas.addEventListener("pointermove", follow);
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }

  follow(next) {
    const before = this.holding && this.holding.get(next.pointerId);
    if (!before) return;
    const others = [...this.holding.values()].filter((other) => other.pointerId !== next.pointerId);
    const dx = next.clientX - before.clientX, dy = next.clientY - before.clientY;
    if (others.length) {
      const apart = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
      this.zoom(apart(next) / Math.max(apart(before), 1));
    } else if (next.shiftKey || next.buttons > 1) {
      const ratio = this.canvas.width / this.canvas.clientWidth;
      const size = this.painter.grid({ ...this.view, ...seenFrom(this.view.azimuth, this.view.elevation) }).size * this.view.zoom / ratio;
      this.view.shift = [this.view.shift[0] + dx / size, this.view.shift[1] - dy / size];
    } else this.turn(-0.5 * dx, 0.5 * dy);
    this.holding.set(next.pointerId, next);
  }

  /** Zoom with the wheel once the picture has been chosen, so that a page can be scrolled past it. */
  wheel(event) {
    if (document.activeElement !== this.canvas) return;
    event.preventDefault();
    this.zoom(ZOOM ** Math.sign(-event.deltaY));
    this.redraw();
  }
}

/** A number to three digits. */
function number(x) {
  if (x === 0) return "0";
  return Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5 ? x.toExponential(1) : String(Number(x.toPrecision(3)));
}

async function startScene() {
  const root = document.querySelector("[data-scene]");
  if (!root) return;
  try {
    const head = JSON.parse(document.getElementById("scene-head").textContent);
    const arrays = await unpacked(document.getElementById("scene-data").textContent.trim(), head.arrays);
    root.hidden = false;
    window.femurfeScene = new SceneControls(root, head, arrays);
    root.dataset.ready = "yes";
  } catch (error) {
    root.hidden = true;
    const note = document.querySelector("[data-no-scene]");
    note.hidden = false;
    note.textContent = `The 3-D scene needs WebGL 2 and a browser of 2023 or later (${error.message}). The figures show the same results.`;
  }
}

startScene();
