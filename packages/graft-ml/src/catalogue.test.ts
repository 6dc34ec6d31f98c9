import { expect, it } from "vitest";
import { backbone, catalogueBackbones } from "./catalogue.ts";

it("names a model as tutorials do", () => {
  expect(backbone("VGG16", { includeTop: false })).toMatchObject({ name: "vgg16" });
  expect(() => backbone("vgg61")).toThrow('unknown backbone "vgg61"; did you mean "vgg16"?');
});

it("looks for weights in Graft's cache", async () => {
  const env = { GRAFT_CACHE: "/nowhere/graft", GRAFT_OFFLINE: "1" };
  await expect(backbone("vgg19", { env }).load()).rejects.toThrow(
    "put the file at /nowhere/graft/hub/onnxmodelzoo--vgg19-7/main/vgg19-7.onnx",
  );
});

it("takes plain options", () => {
  const { resnet50 } = catalogueBackbones;
  expect(resnet50?.({ includeTop: true, pooling: "max" }).name).toBe("resnet50");
  expect(() => resnet50?.({ includetop: true })).toThrow(
    '[backbones/resnet50] unknown option "includetop"; did you mean "includeTop"?',
  );
  expect(() => resnet50?.({ includeTop: "yes" })).toThrow('expected includeTop to be true or false; received "yes"');
  expect(() => resnet50?.({ pooling: "sum" })).toThrow(
    'expected pooling to be one of model, avg, max, mean, cls, last, none; received "sum"',
  );
});
