import type { AxisMatrix } from "./axis-maps.ts";
import type { ResizedAxis, ResizeRule } from "./resize-geometry.ts";

/** Places are computed in float32, as ONNX Runtime does: on a tie the last bit decides. */
const f = Math.fround;

/** An axis of static size. */
export interface StaticAxis extends ResizedAxis {
  readonly size: number;
  readonly out: number;
}

/** Where each element of the resized axis lies on the original one. */
export function originalPlaces({ size, out, scale, roi }: StaticAxis, coordinates: string): number[] {
  return Array.from({ length: out }, (_, i) => {
    if (scale === 1) return i;
    switch (coordinates) {
      case "asymmetric":
        return f(i / scale);
      case "pytorch_half_pixel":
        return out > 1 ? f(f(f(i + 0.5) / scale) - 0.5) : 0;
      case "align_corners":
        return out === 1 ? 0 : f(f(i * (size - 1)) / (out - 1));
      case "half_pixel_symmetric": {
        const adjustment = f(out / f(scale * size));
        const center = f(size / 2);
        const offset = f(center * f(1 - adjustment));
        // Here alone ONNX Runtime rounds to float32 at the end only.
        return f(offset + (i + 0.5) / scale - 0.5);
      }
      case "tf_crop_and_resize": {
        const [start, end] = [f(roi[0]), f(roi[1])];
        if (out === 1) return f(f(0.5 * f(start + end)) * (size - 1));
        return f(f(start * (size - 1)) + f(f(f(i * f(end - start)) * (size - 1)) / (out - 1)));
      }
      default:
        return f(f(f(i + 0.5) / scale) - 0.5);
    }
  });
}

/** The element that each place takes; −1 where it lies outside and is extrapolated. */
export function nearestIndices(axis: StaticAxis, rule: ResizeRule): number[] {
  const crop = rule.coordinates === "tf_crop_and_resize";
  return originalPlaces(axis, rule.coordinates).map((place) => {
    if (crop && isOutside(place, axis.size)) return -1;
    return Math.min(Math.max(rounded(place, rule.nearest, axis.scale), 0), axis.size - 1);
  });
}

/** The weights of each resized element; rows outside the original axis are empty and named. */
export function weightMatrix(axis: StaticAxis, rule: ResizeRule): AxisMatrix & { readonly outside: readonly number[] } {
  const { size, out } = axis;
  const data = new Float32Array(out * size);
  const outside: number[] = [];
  const crop = rule.coordinates === "tf_crop_and_resize";
  originalPlaces(axis, rule.coordinates).forEach((place, row) => {
    if (crop && isOutside(place, size)) {
      outside.push(row);
      return;
    }
    const weights = rule.mode === "linear" ? linear(place, size) : cubic(place, size, rule);
    for (const [at, weight] of weights) data[row * size + at] = data[row * size + at]! + weight;
  });
  return { rows: out, columns: size, data, outside };
}

function isOutside(place: number, size: number): boolean {
  return place < 0 || place > size - 1;
}

function rounded(place: number, mode: string, scale: number): number {
  switch (mode) {
    case "floor":
      return Math.floor(place);
    case "ceil":
      return Math.ceil(place);
    case "simple":
      return scale < 1 ? Math.ceil(place) : Math.trunc(place);
    case "round_prefer_ceil":
      return Math.floor(place + 0.5);
    default:
      return Math.ceil(place - 0.5);
  }
}

function linear(place: number, size: number): [number, number][] {
  const inside = Math.min(Math.max(place, 0), size - 1);
  const low = Math.min(Math.floor(inside), size - 1);
  const share = inside - low;
  return [
    [low, 1 - share],
    [Math.min(low + 1, size - 1), share],
  ];
}

function cubic(place: number, size: number, { cubicA: a, excludeOutside }: ResizeRule): [number, number][] {
  const low = Math.floor(place);
  const s = place - low;
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1;
  const weights = [far(s + 1), near(s), near(1 - s), far(2 - s)];
  const places = weights.map((_, i) => low - 1 + i);
  if (excludeOutside) {
    places.forEach((at, i) => {
      if (at < 0 || at >= size) weights[i] = 0;
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, i) => {
      weights[i] = weight / total;
    });
  }
  return weights.map((weight, i) => [Math.min(Math.max(places[i]!, 0), size - 1), weight]);
}
