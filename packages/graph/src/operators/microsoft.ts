/** The domain of operators that ONNX Runtime's optimizer writes into files. */
export const MICROSOFT_DOMAIN: string = "com.microsoft";
