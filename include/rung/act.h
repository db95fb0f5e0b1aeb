/* The activation functions, in one list. */
#ifndef RUNG_ACT_H
#define RUNG_ACT_H

/* X(name, text): activation functions. GELU is the tanh form (Hendrycks, Gimpel 2016,
 * section 2; "gelu_new" in Hugging Face's GPT-2), GELU_ERF the exact one. */
#define RUNG_ACT_LIST(X)                                                                 \
    X(NONE, "none")                                                                      \
    X(RELU, "relu")                                                                      \
    X(GELU, "gelu")                                                                      \
    X(GELU_ERF, "gelu_erf")                                                              \
    X(SILU, "silu")                                                                      \
    X(SIGMOID, "sigmoid")                                                                \
    X(TANH, "tanh")

typedef enum rung_act {
#define X(name, text) RUNG_ACT_##name,
    RUNG_ACT_LIST(X)
#undef X
        RUNG_ACT_COUNT
} rung_act;

#endif
