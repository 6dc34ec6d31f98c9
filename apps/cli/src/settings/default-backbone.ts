import { DEFAULT_NAMES } from "./fit-settings.ts";

/** The backbone that is taken where nobody names one: it follows from what the data holds. */
export async function defaultBackbone(data: string | undefined): Promise<string> {
  if (data === undefined) return DEFAULT_NAMES.backbone;
  const { dataKind } = await import("@graft-ml/data");
  return (await dataKind(data)) === "texts" ? "minilm-l6" : DEFAULT_NAMES.backbone;
}
