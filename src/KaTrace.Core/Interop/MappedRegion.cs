using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Interop;

/// <summary>Pages mapped from a descriptor, unmapped with the handle.</summary>
internal sealed unsafe class MappedRegion : SafeHandleMinusOneIsInvalid
{
    private readonly nuint _length;

    private MappedRegion(void* address, nuint length)
        : base(ownsHandle: true)
    {
        _length = length;
        SetHandle((nint)address);
    }

    public byte* Address => (byte*)handle;

    /// <exception cref="IOException">The kernel refused; the message names the part and the reason.</exception>
    public static MappedRegion Map(int fd, long offset, nuint length, bool writable, string what)
    {
        int protection = writable ? Libc.PROT_READ | Libc.PROT_WRITE : Libc.PROT_READ;
        void* address = Libc.mmap(null, length, protection, Libc.MAP_SHARED, fd, offset);
        if ((nint)address == -1)
            throw new IOException($"mmap of {what} ({length} bytes): {Marshal.GetLastPInvokeErrorMessage()}");
        return new MappedRegion(address, length);
    }

    protected override bool ReleaseHandle() => Libc.munmap((void*)handle, _length) == 0;
}
