export { backboneFrom, bundled, type WeightsPackage } from "./bundled.ts";
