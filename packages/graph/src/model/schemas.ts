// Made by tools/golden/onnx_schemas.py with onnx 1.23.2; do not edit.

/**
 * Operators by name: versions divided by `|`, each as `since;inputs;outputs;fewest inputs;fewest outputs;attributes;types`.
 * `T+` recurs with one type, `T*` with any, `#l` is a type itself; `!` marks an attribute that must be there.
 */
export const SCHEMAS: Readonly<Record<string, string>> = {
  Abs: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdhcsilCSIL|13;T;T;1;1;;T:fdhbcsilCSIL",
  Acos: "7;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Acosh: "9;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Add: "1;T T;T;2;1;axis:i broadcast:i consumed_inputs:is;T:fdh|6;T T;T;2;1;axis:i broadcast:i;T:fdhilIL|7;T T;T;2;1;;T:fdhilIL|13;T T;T;2;1;;T:fdhbilIL|14;T T;T;2;1;;T:fdhbcsilCSIL",
  AffineGrid: "20;T1 T2;T1;2;1;align_corners:i;T1:fdhb T2:l",
  And: "1;T T;T1;2;1;axis:i broadcast:i;T:o T1:o|7;T T;T1;2;1;;T:o T1:o",
  ArgMax:
    "1;T;#l;1;1;axis:i keepdims:i;T:fdhcsilCSIL|12;T;#l;1;1;axis:i keepdims:i select_last_index:i;T:fdhcsilCSIL|13;T;#l;1;1;axis:i keepdims:i select_last_index:i;T:fdhbcsilCSIL",
  ArgMin:
    "1;T;#l;1;1;axis:i keepdims:i;T:fdhcsilCSIL|12;T;#l;1;1;axis:i keepdims:i select_last_index:i;T:fdhcsilCSIL|13;T;#l;1;1;axis:i keepdims:i select_last_index:i;T:fdhbcsilCSIL",
  Asin: "7;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Asinh: "9;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Atan: "7;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Atanh: "9;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Attention:
    "23;T1 T1 T2 U T1 T2;T1 T1 T2 T1;3;1;is_causal:i kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i scale:f softcap:f softmax_precision:i;T1:fdhb T2:fdhb U:fdhbcsilCSILo|24;T1 T1 T2 U T1 T2 #l;T1 T1 T2 T1;3;1;is_causal:i kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i scale:f softcap:f softmax_precision:i;T1:fdhb T2:fdhb U:fdhbcsilCSILo|25;T1 T1 T2 U T1 T2 #l;T1 T1 T2 T1;3;1;is_causal:i kv_num_heads:i left_window_size:i q_num_heads:i qk_matmul_output_mode:i right_window_size:i scale:f softcap:f softmax_precision:i;T1:fdhb T2:fdhb U:fdhbcsilCSILo",
  AveragePool:
    "1;T;T;1;1;auto_pad:s kernel_shape:is! pads:is strides:is;T:fdh|7;T;T;1;1;auto_pad:s count_include_pad:i kernel_shape:is! pads:is strides:is;T:fdh|10;T;T;1;1;auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:is! pads:is strides:is;T:fdh|19;T;T;1;1;auto_pad:s ceil_mode:i count_include_pad:i dilations:is kernel_shape:is! pads:is strides:is;T:fdh|22;T;T;1;1;auto_pad:s ceil_mode:i count_include_pad:i dilations:is kernel_shape:is! pads:is strides:is;T:fdhb",
  BatchNormalization:
    "1;T T T T T;T T T T T;5;1;consumed_inputs:is! epsilon:f is_test:i momentum:f spatial:i;T:fdh|6;T T T T T;T T T T T;5;1;epsilon:f is_test:i momentum:f spatial:i;T:fdh|7;T T T T T;T T T T T;5;1;epsilon:f momentum:f spatial:i;T:fdh|9;T T T T T;T T T T T;5;1;epsilon:f momentum:f;T:fdh|14;T T T U U;T U U;5;1;epsilon:f momentum:f training_mode:i;T:fdhb U:fdhb|15;T T1 T1 T2 T2;T T2 T2;5;1;epsilon:f momentum:f training_mode:i;T:fdhb T1:fdhb T2:fdhb",
  Bernoulli: "15;T1;T2;1;1;dtype:i seed:f;T1:fdh T2:fdhbcsilCSILo|22;T1;T2;1;1;dtype:i seed:f;T1:fdhb T2:fdhbcsilCSILo",
  BitCast: "26;T1;T2;1;1;to:i!;T1:fdhbcsilCSILo T2:fdhbcsilCSILo",
  BitShift: "11;T T;T;2;1;direction:s!;T:CSIL|28;T T;T;2;1;direction:s!;T:csilCSIL",
  BitwiseAnd: "18;T T;T;2;1;;T:csilCSIL",
  BitwiseNot: "18;T;T;1;1;;T:csilCSIL",
  BitwiseOr: "18;T T;T;2;1;;T:csilCSIL",
  BitwiseXor: "18;T T;T;2;1;;T:csilCSIL",
  BlackmanWindow: "17;T1;T2;1;1;output_datatype:i periodic:i;T1:il T2:fdhbcsilCSIL",
  Cast: "1;T1;T2;1;1;to:s!;T1:fdhcsilCSILo T2:fdhcsilCSILo|6;T1;T2;1;1;to:i!;T1:fdhcsilCSILo T2:fdhcsilCSILo|13;T1;T2;1;1;to:i!;T1:fdhbcsilCSILo T2:fdhbcsilCSILo|19;T1;T2;1;1;saturate:i to:i!;T1:fdhbcsilCSILo T2:fdhbcsilCSILo|24;T1;T2;1;1;round_mode:s saturate:i to:i!;T1:fdhbcsilCSILo T2:fdhbcsilCSILo",
  CastLike:
    "15;T1 T2;T2;2;1;;T1:fdhbcsilCSILo T2:fdhbcsilCSILo|19;T1 T2;T2;2;1;saturate:i;T1:fdhbcsilCSILo T2:fdhbcsilCSILo|24;T1 T2;T2;2;1;round_mode:s saturate:i;T1:fdhbcsilCSILo T2:fdhbcsilCSILo",
  CausalConvWithState: "27;T T T T;T T;2;2;activation:s;T:fhb",
  Ceil: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  Celu: "12;T;T;1;1;alpha:f;T:f|28;T;T;1;1;alpha:f;T:fdhb",
  CenterCropPad: "18;T Tind;T;2;1;axes:is;T:fdhbcsilCSILo Tind:il",
  Clip: "1;T;T;1;1;consumed_inputs:is max:f min:f;T:fdh|6;T;T;1;1;max:f min:f;T:fdh|11;T T T;T;1;1;;T:fdh|12;T T T;T;1;1;;T:fdhcsilCSIL|13;T T T;T;1;1;;T:fdhbcsilCSIL",
  Col2Im: "18;T #l #l;T;3;1;dilations:is pads:is strides:is;T:fdhbcsilCSILo",
  Compress: "9;T T1;T;2;1;axis:i;T:fdhcsilCSILo T1:o|28;T T1;T;2;1;axis:i;T:fdhbcsilCSILo T1:o",
  Concat: "1;T+;T;1;1;axis:i;T:fdh|4;T+;T;1;1;axis:i!;T:fdhcsilCSILo|13;T+;T;1;1;axis:i!;T:fdhbcsilCSILo",
  Constant:
    "1;;T;0;1;value:t!;T:fdh|9;;T;0;1;value:t!;T:fdhcsilCSILo|11;;T;0;1;sparse_value:? value:t;T:fdhcsilCSILo|12;;T;0;1;sparse_value:? value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss;T:fdhcsilCSILo|13;;T;0;1;sparse_value:? value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss;T:fdhbcsilCSILo",
  ConstantOfShape: "9;T1;T2;1;1;value:t;T1:l T2:fdhcsilCSILo|20;T1;T2;1;1;value:t;T1:l T2:fdhbcsilCSILo",
  Conv: "1;T T T;T;2;1;auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is;T:fdh|22;T T T;T;2;1;auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is;T:fdhb",
  ConvInteger:
    "10;T1 T2 T1 T2;T3;2;1;auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is;T1:cC T2:cC T3:i",
  ConvTranspose:
    "1;T T T;T;2;1;auto_pad:s dilations:is group:i kernel_shape:is output_padding:is output_shape:is pads:is strides:is;T:fdh|22;T T T;T;2;1;auto_pad:s dilations:is group:i kernel_shape:is output_padding:is output_shape:is pads:is strides:is;T:fdhb",
  Cos: "7;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Cosh: "9;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  CumProd: "26;T T2;T;2;1;exclusive:i reverse:i;T:fdhbilIL T2:il",
  CumSum: "11;T T2;T;2;1;exclusive:i reverse:i;T:fdilIL T2:il|14;T T2;T;2;1;exclusive:i reverse:i;T:fdhbilIL T2:il",
  DFT: "17;T1 T2;T1;1;1;axis:i inverse:i onesided:i;T1:fdhb T2:il|20;T1 T2 #l;T1;1;1;inverse:i onesided:i;T1:fdhb T2:il",
  DeformConv:
    "19;T T T T T;T;3;1;dilations:is group:i kernel_shape:is offset_group:i pads:is strides:is;T:fdh|22;T T T T T;T;3;1;dilations:is group:i kernel_shape:is offset_group:i pads:is strides:is;T:fdhb",
  DepthToSpace:
    "1;T;T;1;1;blocksize:i!;T:fdhcsilCSILo|11;T;T;1;1;blocksize:i! mode:s;T:fdhcsilCSILo|13;T;T;1;1;blocksize:i! mode:s;T:fdhbcsilCSILo",
  DequantizeLinear:
    "10;T #f T;#f;2;1;;T:ciC|13;T #f T;#f;2;1;axis:i;T:ciC|19;T1 T2 T1;T2;2;1;axis:i;T1:ciC T2:fhb|21;T1 T2 T1;T2;2;1;axis:i block_size:i;T1:csiCS T2:fhb|23;T1 T2 T1;T3;2;1;axis:i block_size:i output_dtype:i;T1:csiCS T2:fhb T3:fhb",
  Det: "11;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Div: "1;T T;T;2;1;axis:i broadcast:i consumed_inputs:is;T:fdh|6;T T;T;2;1;axis:i broadcast:i;T:fdhilIL|7;T T;T;2;1;;T:fdhilIL|13;T T;T;2;1;;T:fdhbilIL|14;T T;T;2;1;;T:fdhbcsilCSIL",
  Dropout:
    "1;T;T T;1;1;consumed_inputs:is is_test:i ratio:f;T:fdh|6;T;T T;1;1;is_test:i ratio:f;T:fdh|7;T;T T;1;1;ratio:f;T:fdh|10;T;T T1;1;1;ratio:f;T:fdh T1:o|12;T T1 T2;T T2;1;1;seed:i;T:fdh T1:fdh T2:o|13;T T1 T2;T T2;1;1;seed:i;T:fdhb T1:fdh T2:o|22;T T1 T2;T T2;1;1;seed:i;T:fdhb T1:fdhb T2:o",
  DynamicQuantizeLinear: "11;T1;T2 #f T2;1;3;;T1:f T2:C",
  Einsum: "12;T+;T;1;1;equation:s!;T:fdhcsilCSIL|28;T+;T;1;1;equation:s!;T:fdhbcsilCSIL",
  Elu: "1;T;T;1;1;alpha:f consumed_inputs:is;T:fdh|6;T;T;1;1;alpha:f;T:fdh|22;T;T;1;1;alpha:f;T:fdhb",
  Equal:
    "1;T T;T1;2;1;axis:i broadcast:i;T:ilo T1:o|7;T T;T1;2;1;;T:ilo T1:o|11;T T;T1;2;1;;T:fdhcsilCSILo T1:o|13;T T;T1;2;1;;T:fdhbcsilCSILo T1:o",
  Erf: "9;T;T;1;1;;T:fdhcsilCSIL|13;T;T;1;1;;T:fdhb",
  Exp: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  Expand: "8;T #l;T;2;1;;T:fdhcsilCSILo|13;T #l;T;2;1;;T:fdhbcsilCSILo",
  EyeLike:
    "9;T1;T2;1;1;dtype:i k:i;T1:fdhcsilCSILo T2:fdhcsilCSILo|22;T1;T2;1;1;dtype:i k:i;T1:fdhbcsilCSILo T2:fdhbcsilCSILo",
  Flatten: "1;T;T;1;1;axis:i;T:fdh|9;T;T;1;1;axis:i;T:fdhcsilCSILo|13;T;T;1;1;axis:i;T:fdhbcsilCSILo",
  Floor: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  GRU: "1;T T T T T1 T;T T;3;2;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i output_sequence:i;T:fdh T1:i|3;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i linear_before_reset:i output_sequence:i;T:fdh T1:i|7;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i linear_before_reset:i;T:fdh T1:i|14;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i layout:i linear_before_reset:i;T:fdh T1:i|22;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i layout:i linear_before_reset:i;T:fdhb T1:i",
  Gather: "1;T Tind;T;2;1;axis:i;T:fdhcsilCSILo Tind:il|13;T Tind;T;2;1;axis:i;T:fdhbcsilCSILo Tind:il",
  GatherElements: "11;T Tind;T;2;1;axis:i;T:fdhcsilCSILo Tind:il|13;T Tind;T;2;1;axis:i;T:fdhbcsilCSILo Tind:il",
  GatherND:
    "11;T #l;T;2;1;;T:fdhcsilCSILo|12;T #l;T;2;1;batch_dims:i;T:fdhcsilCSILo|13;T #l;T;2;1;batch_dims:i;T:fdhbcsilCSILo",
  Gelu: "20;T;T;1;1;approximate:s;T:fdhb",
  Gemm: "1;T T T;T;3;1;alpha:f beta:f broadcast:i transA:i transB:i;T:fdh|7;T T T;T;3;1;alpha:f beta:f transA:i transB:i;T:fdh|9;T T T;T;3;1;alpha:f beta:f transA:i transB:i;T:fdhilIL|11;T T T;T;2;1;alpha:f beta:f transA:i transB:i;T:fdhilIL|13;T T T;T;2;1;alpha:f beta:f transA:i transB:i;T:fdhbilIL",
  GlobalAveragePool: "1;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  GlobalLpPool: "1;T;T;1;1;p:f;T:fdh|2;T;T;1;1;p:i;T:fdh|22;T;T;1;1;p:i;T:fdhb",
  GlobalMaxPool: "1;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Greater:
    "1;T T;T1;2;1;axis:i broadcast:i;T:fdh T1:o|7;T T;T1;2;1;;T:fdh T1:o|9;T T;T1;2;1;;T:fdhcsilCSIL T1:o|13;T T;T1;2;1;;T:fdhbcsilCSIL T1:o",
  GreaterOrEqual: "12;T T;T1;2;1;;T:fdhcsilCSIL T1:o|16;T T;T1;2;1;;T:fdhbcsilCSIL T1:o",
  GridSample:
    "16;T1 T2;T1;2;1;align_corners:i mode:s padding_mode:s;T1:fdhcsilCSILo T2:fdh|22;T1 T2;T1;2;1;align_corners:i mode:s padding_mode:s;T1:fdhbcsilCSILo T2:fdhb",
  GroupNormalization: "18;|21;T T T;T;3;1;epsilon:f num_groups:i! stash_type:i;T:fdhb",
  HammingWindow: "17;T1;T2;1;1;output_datatype:i periodic:i;T1:il T2:fdhbcsilCSIL",
  HannWindow: "17;T1;T2;1;1;output_datatype:i periodic:i;T1:il T2:fdhbcsilCSIL",
  HardSigmoid:
    "1;T;T;1;1;alpha:f beta:f consumed_inputs:is;T:fdh|6;T;T;1;1;alpha:f beta:f;T:fdh|22;T;T;1;1;alpha:f beta:f;T:fdhb",
  HardSwish: "14;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Hardmax: "1;T;T;1;1;axis:i;T:fdh|13;T;T;1;1;axis:i;T:fdhb",
  Identity: "1;T;T;1;1;;T:fdhcsilCSILo|13;T;T;1;1;;T:fdhbcsilCSILo|14;V;V;1;1;;V:fdhbcsilCSILo",
  If: "1;B;V*;1;1;else_branch:?! then_branch:?!;V:fdhcsilCSILo B:o|16;B;V*;1;1;else_branch:?! then_branch:?!;V:fdhbcsilCSILo B:o",
  ImageDecoder: "20;T1;T2;1;1;pixel_format:s;T1:C T2:C",
  InstanceNormalization:
    "1;T T T;T;3;1;consumed_inputs:is epsilon:f;T:fdh|6;T T T;T;3;1;epsilon:f;T:fdh|22;T T T;T;3;1;epsilon:f;T:fdhb",
  IsInf:
    "10;T1;T2;1;1;detect_negative:i detect_positive:i;T1:fd T2:o|20;T1;T2;1;1;detect_negative:i detect_positive:i;T1:fdhb T2:o",
  IsNaN: "9;T1;T2;1;1;;T1:fdh T2:o|13;T1;T2;1;1;;T1:fdhb T2:o",
  LRN: "1;T;T;1;1;alpha:f beta:f bias:f size:i!;T:fdh|13;T;T;1;1;alpha:f beta:f bias:f size:i!;T:fdhb",
  LSTM: "1;T T T T T1 T T T;T T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i input_forget:i output_sequence:i;T:fdh T1:i|7;T T T T T1 T T T;T T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i input_forget:i;T:fdh T1:i|14;T T T T T1 T T T;T T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i input_forget:i layout:i;T:fdh T1:i|22;T T T T T1 T T T;T T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i input_forget:i layout:i;T:fdhb T1:i",
  LayerNormalization: "17;T T T;T U U;2;1;axis:i epsilon:f stash_type:i;T:fdhb U:fb",
  LeakyRelu: "1;T;T;1;1;alpha:f consumed_inputs:is;T:fdh|6;T;T;1;1;alpha:f;T:fdh|16;T;T;1;1;alpha:f;T:fdhb",
  Less: "1;T T;T1;2;1;axis:i broadcast:i;T:fdh T1:o|7;T T;T1;2;1;;T:fdh T1:o|9;T T;T1;2;1;;T:fdhcsilCSIL T1:o|13;T T;T1;2;1;;T:fdhbcsilCSIL T1:o",
  LessOrEqual: "12;T T;T1;2;1;;T:fdhcsilCSIL T1:o|16;T T;T1;2;1;;T:fdhbcsilCSIL T1:o",
  LinearAttention:
    "27;T T T S T T;T S;3;2;chunk_size:i kv_num_heads:i! q_num_heads:i! scale:f update_rule:s;T:fhb S:fhb",
  Log: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  LogSoftmax: "1;T;T;1;1;axis:i;T:fdh|13;T;T;1;1;axis:i;T:fdhb",
  Loop: "1;I B V*;V*;3;1;body:?!;V:fdhcsilCSILo I:l B:o|11;I B V*;V*;2;1;body:?!;V:fdhcsilCSILo I:l B:o|16;I B V*;V*;2;1;body:?!;V:fdhbcsilCSILo I:l B:o",
  LpNormalization: "1;T;T;1;1;axis:i p:i;T:fdh|22;T;T;1;1;axis:i p:i;T:fdhb",
  LpPool:
    "1;T;T;1;1;auto_pad:s kernel_shape:is p:f pads:is strides:is;T:fdh|2;T;T;1;1;auto_pad:s kernel_shape:is! p:i pads:is strides:is;T:fdh|18;T;T;1;1;auto_pad:s ceil_mode:i dilations:is kernel_shape:is! p:i pads:is strides:is;T:fdh|22;T;T;1;1;auto_pad:s ceil_mode:i dilations:is kernel_shape:is! p:i pads:is strides:is;T:fdhb",
  MatMul: "1;T T;T;2;1;;T:fdh|9;T T;T;2;1;;T:fdhilIL|13;T T;T;2;1;;T:fdhbilIL",
  MatMulInteger: "10;T1 T2 T1 T2;T3;2;1;;T1:cC T2:cC T3:i",
  Max: "1;T+;T;1;1;consumed_inputs:is;T:fdh|6;T+;T;1;1;;T:fdh|12;T+;T;1;1;;T:fdhcsilCSIL|13;T+;T;1;1;;T:fdhbcsilCSIL",
  MaxPool:
    "1;T;T;1;1;auto_pad:s kernel_shape:is! pads:is strides:is;T:fdh|8;T;T I;1;1;auto_pad:s kernel_shape:is! pads:is storage_order:i strides:is;T:fdh I:l|10;T;T I;1;1;auto_pad:s ceil_mode:i dilations:is kernel_shape:is! pads:is storage_order:i strides:is;T:fdh I:l|12;T;T I;1;1;auto_pad:s ceil_mode:i dilations:is kernel_shape:is! pads:is storage_order:i strides:is;T:fdhcC I:l|22;T;T I;1;1;auto_pad:s ceil_mode:i dilations:is kernel_shape:is! pads:is storage_order:i strides:is;T:fdhbcC I:l",
  MaxRoiPool: "1;T T;T;2;1;pooled_shape:is! spatial_scale:f;T:fdh|22;T T;T;2;1;pooled_shape:is! spatial_scale:f;T:fdhb",
  MaxUnpool:
    "9;T1 T2 T2;T1;2;1;kernel_shape:is! pads:is strides:is;T1:fdh T2:l|22;T1 T2 T2;T1;2;1;kernel_shape:is! pads:is strides:is;T1:fdhb T2:l",
  Mean: "1;T+;T;1;1;consumed_inputs:is;T:fdh|6;T+;T;1;1;;T:fdh|13;T+;T;1;1;;T:fdhb",
  MeanVarianceNormalization: "9;T;T;1;1;axes:is;T:fdh|13;T;T;1;1;axes:is;T:fdhb",
  MelWeightMatrix: "17;T1 T1 T1 T2 T2;T3;5;1;output_datatype:i;T1:il T2:fdhb T3:fdhbcsilCSIL",
  Min: "1;T+;T;1;1;consumed_inputs:is;T:fdh|6;T+;T;1;1;;T:fdh|12;T+;T;1;1;;T:fdhcsilCSIL|13;T+;T;1;1;;T:fdhbcsilCSIL",
  Mish: "18;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Mod: "10;T T;T;2;1;fmod:i;T:fdhcsilCSIL|13;T T;T;2;1;fmod:i;T:fdhbcsilCSIL",
  Mul: "1;T T;T;2;1;axis:i broadcast:i consumed_inputs:is;T:fdh|6;T T;T;2;1;axis:i broadcast:i;T:fdhilIL|7;T T;T;2;1;;T:fdhilIL|13;T T;T;2;1;;T:fdhbilIL|14;T T;T;2;1;;T:fdhbcsilCSIL",
  Multinomial:
    "7;T1;T2;1;1;dtype:i sample_size:i seed:f;T1:fdh T2:il|22;T1;T2;1;1;dtype:i sample_size:i seed:f;T1:fdhb T2:il",
  Neg: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdhcsil|13;T;T;1;1;;T:fdhbcsil",
  NegativeLogLikelihoodLoss:
    "12;T Tind T;T;2;1;ignore_index:i reduction:s;T:fdh Tind:il|22;T Tind T;T;2;1;ignore_index:i reduction:s;T:fdhb Tind:il",
  NonMaxSuppression: "10;#f #f #l #f #f;#l;2;1;center_point_box:i;",
  NonZero: "9;T;#l;1;1;;T:fdhcsilCSILo|13;T;#l;1;1;;T:fdhbcsilCSILo",
  Not: "1;T;T;1;1;;T:o",
  OneHot:
    "9;T1 T2 T3;T3;3;1;axis:i;T1:fdhcsilCSIL T2:fdhcsilCSIL T3:fdhcsilCSILo|28;T1 T2 T3;T3;3;1;axis:i;T1:fdhcsilCSIL T2:fdhcsilCSIL T3:fdhbcsilCSILo",
  OptionalGetElement: "18;O;V;1;1;;O:fdhcsilCSILo V:fdhcsilCSILo|28;O;V;1;1;;O:fdhbcsilCSILo V:fdhbcsilCSILo",
  OptionalHasElement: "18;O;B;0;1;;O:fdhcsilCSILo B:o|28;O;B;0;1;;O:fdhbcsilCSILo B:o",
  Or: "1;T T;T1;2;1;axis:i broadcast:i;T:o T1:o|7;T T;T1;2;1;;T:o T1:o",
  PRelu: "1;T T;T;2;1;consumed_inputs:is;T:fdh|6;T T;T;2;1;;T:fdh|9;T T;T;2;1;;T:fdhilIL|16;T T;T;2;1;;T:fdhbilIL",
  Pad: "1;T;T;1;1;mode:s paddings:is! value:f;T:fdh|2;T;T;1;1;mode:s pads:is! value:f;T:fdh|11;T #l T;T;2;1;mode:s;T:fdhcsilCSIL|13;T #l T;T;2;1;mode:s;T:fdhbcsilCSILo|18;T #l T Tind;T;2;1;mode:s;T:fdhbcsilCSILo Tind:il",
  Pow: "1;T T;T;2;1;axis:i broadcast:i;T:fdh|7;T T;T;2;1;;T:fdh|12;T T1;T;2;1;;T:fdhil T1:fdhcsilCSIL|13;T T1;T;2;1;;T:fdhbil T1:fdhcsilCSIL|15;T T1;T;2;1;;T:fdhbil T1:fdhbcsilCSIL",
  QLinearConv:
    "10;T1 #f T1 T2 #f T2 #f T3 T4;T3;8;1;auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is;T1:cC T2:cC T3:cC T4:i",
  QLinearMatMul:
    "10;T1 #f T1 T2 #f T2 #f T3;T3;8;1;;T1:cC T2:cC T3:cC|21;T1 TS T1 T2 TS T2 TS T3;T3;8;1;;TS:fhb T1:cC T2:cC T3:cC",
  QuantizeLinear:
    "10;T1 #f T2;T2;2;1;;T1:fi T2:cC|13;T1 #f T2;T2;2;1;axis:i;T1:fi T2:cC|19;T1 T1 T2;T2;2;1;axis:i saturate:i;T1:fhbi T2:cC|21;T1 T1 T2;T2;2;1;axis:i block_size:i output_dtype:i saturate:i;T1:fhbi T2:csCS|23;T1 T2 T3;T3;2;1;axis:i block_size:i output_dtype:i precision:i saturate:i;T1:fhbi T2:fhbi T3:csCS",
  RMSNormalization: "23;T V;V;2;1;axis:i epsilon:f stash_type:i;T:fdhb V:fdhb",
  RNN: "1;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i output_sequence:i;T:fdh T1:i|7;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i;T:fdh T1:i|14;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i layout:i;T:fdh T1:i|22;T T T T T1 T;T T;3;0;activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i layout:i;T:fdhb T1:i",
  RandomNormal:
    "1;;T;0;1;dtype:i mean:f scale:f seed:f shape:is!;T:fdh|22;;T;0;1;dtype:i mean:f scale:f seed:f shape:is!;T:fdhb",
  RandomNormalLike:
    "1;T1;T2;1;1;dtype:i mean:f scale:f seed:f;T1:fdhcsilCSILo T2:fdh|22;T1;T2;1;1;dtype:i mean:f scale:f seed:f;T1:fdhbcsilCSILo T2:fdhb",
  RandomUniform:
    "1;;T;0;1;dtype:i high:f low:f seed:f shape:is!;T:fdh|22;;T;0;1;dtype:i high:f low:f seed:f shape:is!;T:fdhb",
  RandomUniformLike:
    "1;T1;T2;1;1;dtype:i high:f low:f seed:f;T1:fdhcsilCSILo T2:fdh|22;T1;T2;1;1;dtype:i high:f low:f seed:f;T1:fdhbcsilCSILo T2:fdhb",
  Range: "11;T T T;T;3;1;;T:fdsil|27;T T T;T;3;1;stash_type:i;T:fdhbsil",
  Reciprocal: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  ReduceL1:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL",
  ReduceL2:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL",
  ReduceLogSum:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL|28;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhb",
  ReduceLogSumExp:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL|28;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhb",
  ReduceMax:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|12;T;T;1;1;axes:is keepdims:i;T:fdhcilCIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbcilCIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbcilCIL|20;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbcilCILo",
  ReduceMean:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL",
  ReduceMin:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|12;T;T;1;1;axes:is keepdims:i;T:fdhcilCIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbcilCIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbcilCIL|20;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbcilCILo",
  ReduceProd:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL",
  ReduceSum: "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL",
  ReduceSumSquare:
    "1;T;T;1;1;axes:is keepdims:i;T:fdhilIL|13;T;T;1;1;axes:is keepdims:i;T:fdhbilIL|18;T #l;T;1;1;keepdims:i noop_with_empty_axes:i;T:fdhbilIL",
  Relu: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb|14;T;T;1;1;;T:fdhbcsil",
  Reshape:
    "1;T;T;1;1;consumed_inputs:is shape:is;T:fdh|5;T #l;T;2;1;;T:fdhcsilCSILo|13;T #l;T;2;1;;T:fdhbcsilCSILo|14;T #l;T;2;1;allowzero:i;T:fdhbcsilCSILo",
  Resize:
    "10;T #f;T;2;1;mode:s;T:fdhcsilCSILo|11;T1 T2 #f #l;T1;3;1;coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s;T1:fdhcsilCSILo T2:fdh|13;T1 T2 #f #l;T1;1;1;coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s;T1:fdhbcsilCSILo T2:fdh|18;T1 T2 #f #l;T1;1;1;antialias:i axes:is coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s;T1:fdhbcsilCSILo T2:fdh",
  ReverseSequence:
    "10;T #l;T;2;1;batch_axis:i time_axis:i;T:fdhcsilCSILo|28;T #l;T;2;1;batch_axis:i time_axis:i;T:fdhbcsilCSILo",
  RoiAlign:
    "10;T1 T1 T2;T1;3;1;mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f;T1:fdh T2:l|16;T1 T1 T2;T1;3;1;coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f;T1:fdh T2:l|22;T1 T1 T2;T1;3;1;coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f;T1:fdhb T2:l",
  RotaryEmbedding: "23;T T T M;T;3;1;interleaved:i num_heads:i rotary_embedding_dim:i;T:fhb M:l",
  Round: "11;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  STFT: "17;T1 T2 T1 T2;T1;2;1;onesided:i;T1:fdhb T2:il",
  Scan: "8;I V*;V*;2;1;body:?! directions:is num_scan_inputs:i!;I:l V:fdhcsilCSILo|9;V*;V*;1;1;body:?! num_scan_inputs:i! scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is;V:fdhcsilCSILo|16;V*;V*;1;1;body:?! num_scan_inputs:i! scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is;V:fdhbcsilCSILo",
  Scatter: "9;T Tind T;T;3;1;axis:i;T:fdhcsilCSILo Tind:il|11;",
  ScatterElements:
    "11;T Tind T;T;3;1;axis:i;T:fdhcsilCSILo Tind:il|13;T Tind T;T;3;1;axis:i;T:fdhbcsilCSILo Tind:il|16;T Tind T;T;3;1;axis:i reduction:s;T:fdhbcsilCSILo Tind:il",
  ScatterND:
    "11;T #l T;T;3;1;;T:fdhcsilCSILo|13;T #l T;T;3;1;;T:fdhbcsilCSILo|16;T #l T;T;3;1;reduction:s;T:fdhbcsilCSILo",
  Selu: "1;T;T;1;1;alpha:f consumed_inputs:is gamma:f;T:fdh|6;T;T;1;1;alpha:f gamma:f;T:fdh|22;T;T;1;1;alpha:f gamma:f;T:fdhb",
  Shape:
    "1;T;T1;1;1;;T:fdhcsilCSILo T1:l|13;T;T1;1;1;;T:fdhbcsilCSILo T1:l|15;T;T1;1;1;end:i start:i;T:fdhbcsilCSILo T1:l",
  Shrink: "9;T;T;1;1;bias:f lambd:f;T:fdhcsilCSIL",
  Sigmoid: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  Sign: "9;T;T;1;1;;T:fdhcsilCSIL|13;T;T;1;1;;T:fdhbcsilCSIL",
  Sin: "7;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Sinh: "9;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Size: "1;T;T1;1;1;;T:fdhcsilCSILo T1:l|13;T;T1;1;1;;T:fdhbcsilCSILo T1:l",
  Slice:
    "1;T;T;1;1;axes:is ends:is! starts:is!;T:fdhcsilCSILo|10;T Tind Tind Tind Tind;T;3;1;;T:fdhcsilCSILo Tind:il|13;T Tind Tind Tind Tind;T;3;1;;T:fdhbcsilCSILo Tind:il",
  Softmax: "1;T;T;1;1;axis:i;T:fdh|13;T;T;1;1;axis:i;T:fdhb",
  SoftmaxCrossEntropyLoss:
    "12;T Tind T;T T;2;1;ignore_index:i reduction:s;T:fdh Tind:il|13;T Tind T;T T;2;1;ignore_index:i reduction:s;T:fdhb Tind:il",
  Softplus: "1;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Softsign: "1;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  SpaceToDepth:
    "1;T;T;1;1;blocksize:i!;T:fdhcsilCSILo|13;T;T;1;1;blocksize:i!;T:fdhbcsilCSILo|28;T;T;1;1;blocksize:i! mode:s;T:fdhbcsilCSILo",
  Split:
    "1;T T;T+;1;1;axis:i split:is;T:fdh|2;T;T+;1;1;axis:i split:is;T:fdhcsilCSILo|13;T #l;T+;1;1;axis:i;T:fdhbcsilCSILo|18;T #l;T+;1;1;axis:i num_outputs:i;T:fdhbcsilCSILo",
  Sqrt: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  Squeeze: "1;T;T;1;1;axes:is;T:fdhcsilCSILo|13;T #l;T;1;1;;T:fdhbcsilCSILo",
  Sub: "1;T T;T;2;1;axis:i broadcast:i consumed_inputs:is;T:fdh|6;T T;T;2;1;axis:i broadcast:i;T:fdhilIL|7;T T;T;2;1;;T:fdhilIL|13;T T;T;2;1;;T:fdhbilIL|14;T T;T;2;1;;T:fdhbcsilCSIL",
  Sum: "1;T+;T;1;1;consumed_inputs:is;T:fdh|6;T+;T;1;1;;T:fdh|13;T+;T;1;1;;T:fdhb",
  SwiGLU: "28;T T;T;2;1;alpha:f;T:fdhb",
  Swish: "24;T;T;1;1;alpha:f;T:fdhb",
  Tan: "7;T;T;1;1;;T:fdh|22;T;T;1;1;;T:fdhb",
  Tanh: "1;T;T;1;1;consumed_inputs:is;T:fdh|6;T;T;1;1;;T:fdh|13;T;T;1;1;;T:fdhb",
  TensorScatter: "24;T T #l;T;2;1;axis:i mode:s;T:fdhbcsilCSILo",
  TfIdfVectorizer:
    "9;T;T1;1;1;max_gram_length:i! max_skip_count:i! min_gram_length:i! mode:s! ngram_counts:is! ngram_indexes:is! pool_int64s:is pool_strings:ss weights:fs;T:il T1:f",
  ThresholdedRelu: "10;T;T;1;1;alpha:f;T:fdh|22;T;T;1;1;alpha:f;T:fdhb",
  Tile: "1;T T T;T;3;1;;T:fdh T1:l|6;T T1;T;2;1;;T:fdhcsilCSILo T1:l|13;T T1;T;2;1;;T:fdhbcsilCSILo T1:l",
  TopK: "1;T;T I;1;2;axis:i k:i!;T:fdh I:l|10;T #l;T I;2;2;axis:i;T:fdh I:l|11;T #l;T I;2;2;axis:i largest:i sorted:i;T:fdhcsilCSIL I:l|24;T #l;T I;2;2;axis:i largest:i sorted:i;T:fdhbcsilCSIL I:l",
  Transpose: "1;T;T;1;1;perm:is;T:fdhcsilCSILo|13;T;T;1;1;perm:is;T:fdhbcsilCSILo",
  Trilu: "14;T #l;T;1;1;upper:i;T:fdhbcsilCSILo",
  Unique: "11;T;T #l #l #l;1;1;axis:i sorted:i;T:fdhcsilCSILo|28;T;T #l #l #l;1;1;axis:i sorted:i;T:fdhbcsilCSILo",
  Unsqueeze: "1;T;T;1;1;axes:is!;T:fdhcsilCSILo|13;T #l;T;2;1;;T:fdhbcsilCSILo",
  Upsample:
    "1;T;T;1;1;height_scale:f! mode:s width_scale:f!;T:fdhilo|7;T;T;1;1;mode:s scales:fs!;T:fdhcsilCSILo|9;T #f;T;2;1;mode:s;T:fdhcsilCSILo|10;",
  Where: "9;B T T;T;3;1;;B:o T:fdhcsilCSILo|16;B T T;T;3;1;;B:o T:fdhbcsilCSILo",
  Xor: "1;T T;T1;2;1;axis:i broadcast:i;T:o T1:o|7;T T;T1;2;1;;T:o T1:o",
};
