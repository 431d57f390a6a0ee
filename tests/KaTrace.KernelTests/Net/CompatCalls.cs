using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KaTrace.KernelTests.Net;

/// <summary>System calls as 32-bit programs make them. x86-64 processes may make them too, by <c>int 0x80</c>, if what they point to
/// lies below 4 GiB, and if the kernel runs 32-bit programs at all: else they die of it.</summary>
internal static unsafe partial class CompatCalls
{
    // arch/x86/entry/syscalls/syscall_32.tbl
    private const uint SysAccept4 = 364;
    private const uint SysSetsockopt = 366;

    private const int PROT_READ_WRITE_EXEC = 7;
    private const int MAP_PRIVATE_ANONYMOUS_32BIT = 0x02 | 0x20 | 0x40;
    private const int PageSize = 4096;
    private const int DataOffset = 256;

    /// <summary>From the arguments of a C function to those of the call: number, then five.</summary>
    private static ReadOnlySpan<byte> Code =>
    [
        0x53,             // push rbx
        0x89, 0xf8,       // mov eax, edi
        0x89, 0xf3,       // mov ebx, esi
        0x87, 0xd1,       // xchg ecx, edx
        0x44, 0x89, 0xc6, // mov esi, r8d
        0x44, 0x89, 0xcf, // mov edi, r9d
        0xcd, 0x80,       // int 0x80
        0x5b,             // pop rbx
        0xc3,             // ret
    ];

    private static readonly byte* Page = Map();

    public static void SetFrom32Bit(this Socket socket, int level, int option, int value)
    {
        *(int*)(Page + DataOffset) = value;
        Call(SysSetsockopt, (uint)socket.Handle, (uint)level, (uint)option, (uint)(Page + DataOffset), sizeof(int));
    }

    public static Socket AcceptFrom32Bit(this Socket listener) =>
        new(new SafeSocketHandle(Call(SysAccept4, (uint)listener.Handle, 0, 0, 0, 0), ownsHandle: true));

    private static int Call(uint number, uint a, uint b, uint c, uint d, uint e)
    {
        int result = ((delegate* unmanaged<uint, uint, uint, uint, uint, uint, int>)Page)(number, a, b, c, d, e);
        return result >= 0 ? result : throw new Win32Exception(-result);
    }

    private static byte* Map()
    {
        byte* page = mmap(null, PageSize, PROT_READ_WRITE_EXEC, MAP_PRIVATE_ANONYMOUS_32BIT, -1, 0);
        if ((nint)page == -1)
            throw new Win32Exception();
        Code.CopyTo(new Span<byte>(page, PageSize));
        return page;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial byte* mmap(void* addr, nuint length, int prot, int flags, int fd, long offset);
}
