using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>Sockets and interfaces, what System.Net does not reach.</summary>
internal static unsafe partial class Libc
{
    // linux/filter.h, linux/bpf_common.h
    public const ushort BPF_RET_K = 0x06;

    // linux/sockios.h, linux/if.h
    public const nuint SIOCSIFFLAGS = 0x8914;
    public const short IFF_UP = 1;

    [StructLayout(LayoutKind.Sequential)]
    public struct sock_filter
    {
        public ushort code;
        public byte jt;
        public byte jf;
        public uint k;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct sock_fprog
    {
        public ushort len;
        public sock_filter* filter;
    }

    /// <summary>struct ifreq, its ifr_flags member.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 40)]
    public struct ifreq
    {
        public fixed byte ifr_name[16];
        public short ifr_flags;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, void* argument);
}
