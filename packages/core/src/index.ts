export { checkInterrupted, type ErrorCode, fail, GraftError, unknownName } from "./errors.ts";
export { narrowHalves, widenHalves } from "./halves.ts";
export { booleanOption, choiceOption, numberOption, onlyOptions, type PlainOptions } from "./options.ts";
export { pieces } from "./pieces.ts";
export { camelCase, type Factory, fromBarrel, kebabCase, loadPluginModule, pluginNames } from "./plugins.ts";
export { seededRandom } from "./random.ts";
export {
  allocate,
  elementBytes,
  float32,
  floatToHalf,
  fromBytes,
  halfToFloat,
  int64,
  sizeOf,
  tensor,
  toNumbers,
} from "./tensors.ts";
export type * from "./types.ts";
