// Writes a model with int8 products: node tools/convert/int8.mjs IN.onnx OUT.onnx. Wants built packages.
import { readFileSync, writeFileSync } from "node:fs";
import { quantizeProducts, readModel, widenHalf, writeModel } from "../../packages/graph/dist/index.js";

const [from, to] = process.argv.slice(2);
if (to === undefined) {
  console.error("expected two files: the model to read, and the one to write");
  process.exit(2);
}
writeFileSync(to, writeModel(quantizeProducts(widenHalf(readModel(readFileSync(from))))));
