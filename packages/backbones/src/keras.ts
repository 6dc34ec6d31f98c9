export { type KerasOptions, kerasModel, type OpenedModel, openKerasModel } from "./keras/model.ts";
