export { type KerasOptions, kerasModel } from "./keras/model.ts";
