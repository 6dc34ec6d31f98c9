import type { BackboneSource, Preprocessing } from "@graft-ml/core";
import { layerGroups, quantizeProducts } from "@graft-ml/graph";

/** The same backbone with int8 products, whose card says what was measured to be lost. No gradient flows through them. */
export function withInt8Products<P extends Preprocessing>(source: BackboneSource<P>, loss: string): BackboneSource<P> {
  return {
    ...source,
    async load() {
      const backbone = await source.load();
      const { card, graph } = backbone;
      const quantized = quantizeProducts(graph);
      return {
        ...backbone,
        card: { ...card, precision: { products: "int8", loss } },
        graph: quantized,
        groups: layerGroups(quantized, card.input),
      };
    },
  };
}
