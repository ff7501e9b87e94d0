const SVG = 'http://www.w3.org/2000/svg';
const POINTS = 61;
const HEIGHT = 110;
const TOP = 14;

/** A line chart of the last minute, a value a second. */
export class Chart {
  #svg;
  #values = [];

  constructor(svg) {
    this.#svg = svg;
    new ResizeObserver(() => this.#draw()).observe(svg);
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > POINTS) this.#values.shift();
    this.#draw();
  }

  #draw() {
    const { clientWidth: width } = this.#svg;
    if (width === 0 || this.#values.length === 0) return;
    const top = roundUp(Math.max(...this.#values));
    const y = (value) => HEIGHT - (value / top) * (HEIGHT - TOP);
    // The newest value is at the right edge.
    const x = (index) => width - ((this.#values.length - 1 - index) / (POINTS - 1)) * width;
    const line = this.#values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#svg.replaceChildren(
      ...[0, top / 2, top].map((value) =>
        shape('line', { class: 'grid', x1: 0, x2: width, y1: y(value), y2: y(value) }),
      ),
      shape('polygon', { class: 'area', points: `${x(0)},${HEIGHT} ${line} ${width},${HEIGHT}` }),
      shape('polyline', { class: 'curve', points: line }),
      label(0, y(top) - 4, String(top)),
    );
  }
}

/** The next of 2, 4, 10, 20, 40, 100 and so on. */
function roundUp(value) {
  for (let power = 1; ; power *= 10) for (const step of [2, 4, 10]) if (value <= step * power) return step * power;
}

function shape(name, attributes) {
  const created = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) created.setAttribute(attribute, value);
  return created;
}

function label(x, y, text) {
  const created = shape('text', { x, y });
  created.textContent = text;
  return created;
}
