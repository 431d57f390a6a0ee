namespace KaTrace.KernelTests;
