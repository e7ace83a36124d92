/* Words that the notes of model files share: zstd begins from them, so that a note costs only what is new in it. They
 * belong to version 1 of the format and never change. */
#ifndef PB_TRAIN_MODEL_WORDS_H
#define PB_TRAIN_MODEL_WORDS_H

static const char pb_model_words[] =
    "{\"program\":\"0.1.0\",\"seed\":0,\"bits\":5,\"class_names\":[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\","
    "\"8\",\"9\"],\"sample\":[28,28],\"val_accuracy\":0.98,\"test_accuracy\":0.98,\"config\":\""
    "name: network\\nplan: estimate\\nplan_seconds: 10.0\\nsave_dir: ''\\n"
    "device:\\n  name: ''\\n  memory_limit: 0\\n"
    "data:\\n  name: fashion-mnist\\n  path: ''\\n  validation: 0.2\\n  test_fraction: 0.2\\n  split_seed: 0\\n"
    "  limit: 0\\n  skip_damaged: false\\n"
    "weight_transform:\\n  wavelet: haar\\n  level: 1\\n  mode: periodization\\n  layout: rows\\n  kind: hard\\n"
    "  rule: absolute\\n  threshold: 0.0\\n  details_only: false\\n  gradient: auto\\n  schedule: start\\n  begin: 0\\n"
    "  full: 0\\n  bits: 0\\n"
    "train:\\n  epochs: 30\\n  batch_size: 128\\n  eval_batch_size: 1000\\n  seeds: [0, 1, 2]\\n  patience: 0\\n"
    "  min_delta: 0.0\\n  log_every: 0\\n"
    "stages:\\n  - load\\n  - dct2:\\n      keep: 16\\n  - reshape:\\n      shape: [1, 256]\\n"
    "  - conv1d:\\n      channels: 16\\n      kernel: 3\\n      stride: 1\\n      padding: 1\\n      bias: true\\n"
    "  - max_pool1d:\\n      kernel: 2\\n      stride: 0\\n      padding: 0\\n"
    "  - conv2d:\\n      channels: 16\\n      kernel: [3]\\n      stride: [1]\\n      padding: [0]\\n      bias: true\\n"
    "  - relu\\n  - linear:\\n      features: 300\\n      bias: true\\n"
    "      weight_transform:\\n        wavelet: haar\\n        level: 1\\n        mode: periodization\\n"
    "        layout: planes\\n        kind: hard\\n        rule: quantile\\n        threshold: 0.9\\n"
    "        details_only: false\\n        gradient: exact\\n        schedule: ramp\\n        begin: 0\\n"
    "        full: 0\\n        bits: 0\\n"
    "  - relu\\n  - linear:\\n      features: 10\\n      bias: true\\n  - cross_entropy\\n"
    "  - sgd:\\n      momentum: 0.9\\n      nesterov: false\\n      weight_decay: 0.0\\n"
    "  - adam:\\n      beta1: 0.9\\n      beta2: 0.999\\n      epsilon: 1e-08\\n      weight_decay: 0.0\\n      lr: 0.001\\n"
    "      schedule: cosine\\n      step_size: 10\\n      gamma: 0.1\\n      floor: 0.0\\n      params: '*'\\n\"}";

#endif
