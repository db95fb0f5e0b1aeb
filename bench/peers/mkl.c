/* Lets PyTorch's MKL use AVX-512 on processors that are not Intel's.
 *
 * MKL asks these two functions of its own whether it runs on an Intel processor, and
 * takes AVX2 kernels when it does not. Preloaded, they say yes, and MKL goes by what the
 * processor can do. On Intel's processors nothing changes. */
int mkl_serv_intel_cpu_true(void);
int mkl_serv_intel_cpu(void);

int mkl_serv_intel_cpu_true(void)
{
    return 1;
}

int mkl_serv_intel_cpu(void)
{
    return 1;
}
