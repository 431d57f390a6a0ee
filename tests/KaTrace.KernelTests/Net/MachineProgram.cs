using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace KaTrace.KernelTests.Net;

/// <summary>A program of a few system calls, made by the test: another process, 32-bit or 64-bit, without a compiler and without
/// a library on the kernels under test. x86 only.</summary>
/// <remarks>One value is kept between the calls (<see cref="Kept"/>), as a rule a descriptor.</remarks>
internal sealed class MachineProgram(bool is32Bit)
{
    private const uint Base = 0x400000;
    private const int HeaderSize = 128;
    private const uint DataSize = 1024;
    private const int ENOEXEC = 8;

    /// <summary>An argument: the value that was kept.</summary>
    public const uint Kept = uint.MaxValue;

    // The numbers of the calls: i386 (direct ones, not socketcall), x86-64.
    private static readonly (int I386, int Amd64) Read = (3, 0), Exit = (1, 60), SocketCall = (359, 41), ConnectCall = (362, 42),
        SetsockoptCall = (366, 54), RecvmsgCall = (372, 47);

    private static readonly Lazy<bool> Runs = new(Try32Bit);

    private readonly List<byte> _code = [];
    private readonly byte[] _data = new byte[DataSize];
    private uint _used;

    /// <summary>False on arm64, and where IA-32 emulation is compiled out or turned off.</summary>
    public static bool Runs32Bit => Runs.Value;

    public bool Is32Bit => is32Bit;

    /// <summary>Keeps a new TCP socket.</summary>
    public MachineProgram Socket() => Call(SocketCall, 2, 1, 0).Keep();

    /// <summary>Keeps a descriptor that is inherited.</summary>
    public MachineProgram Use(int fd)
    {
        Emit(0xbd, (uint)fd); // mov ebp, fd
        return this;
    }

    /// <summary>Keeps the descriptor that comes over a socket.</summary>
    public MachineProgram Receive(int unixSocket)
    {
        int word = is32Bit ? 4 : 8;
        byte[] iovec = new byte[2 * word];
        Word(iovec, 0, Data(new byte[1]));
        Word(iovec, 1, 1);
        uint control = Data(new byte[32]);
        byte[] message = new byte[7 * word]; // struct msghdr: name, namelen, iov, iovlen, control, controllen, flags
        Word(message, 2, Data(iovec));
        Word(message, 3, 1);
        Word(message, 4, control);
        Word(message, 5, 32);
        Call(RecvmsgCall, (uint)unixSocket, Data(message), 0);
        uint descriptor = control + (uint)word + 8; // behind struct cmsghdr
        _code.AddRange(is32Bit ? [0x8b, 0x2d] : [0x8b, 0x2c, 0x25]); // mov ebp, [descriptor]
        _code.AddRange(BitConverter.GetBytes(descriptor));
        return this;

        void Word(byte[] structure, int index, uint value) => BitConverter.TryWriteBytes(structure.AsSpan(index * word), value);
    }

    /// <summary>To 127.0.0.1.</summary>
    public MachineProgram Connect(ushort port) => Call(ConnectCall, Kept, Data([2, 0, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 16);

    public MachineProgram Setsockopt(int level, int option, int value) =>
        Call(SetsockoptCall, Kept, (uint)level, (uint)option, Data(BitConverter.GetBytes(value)), 4);

    /// <summary>Starts it in a network namespace; it ends when it is disposed of.</summary>
    public RunningProgram Start(NetworkNamespace ns)
    {
        Call(Read, 0, Data(new byte[4]), 1); // until the test closes it
        Call(Exit, 0);
        string path = Save();
        return new RunningProgram(path, Process.Start(new ProcessStartInfo("ip", ["netns", "exec", ns.Name, path]) { RedirectStandardInput = true })!);
    }

    private static bool Try32Bit()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return false;
        string path = new MachineProgram(is32Bit: true).Call(Exit, 0).Save();
        try
        {
            using Process process = Process.Start(path);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception e) when (e.NativeErrorCode == ENOEXEC)
        {
            return false;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private string Save()
    {
        string path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"katest{Environment.ProcessId}-{(is32Bit ? "i386" : "amd64")}"));
        File.WriteAllBytes(path, Image());
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>An address in the program's memory that holds these bytes.</summary>
    private uint Data(byte[] bytes)
    {
        uint at = _used;
        bytes.CopyTo(_data, at);
        _used = (at + (uint)bytes.Length + 7) & ~7u;
        return Base + HeaderSize + at;
    }

    private MachineProgram Keep()
    {
        _code.AddRange([0x89, 0xc5]); // mov ebp, eax
        return this;
    }

    private MachineProgram Call((int I386, int Amd64) number, params uint[] arguments)
    {
        // mov register, immediate: ebx ecx edx esi edi, or edi esi edx r10d r8d
        byte[][] load = is32Bit ? [[0xbb], [0xb9], [0xba], [0xbe], [0xbf]] : [[0xbf], [0xbe], [0xba], [0x41, 0xba], [0x41, 0xb8]];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == Kept)
                _code.AddRange(is32Bit ? [0x89, 0xeb] : [0x89, 0xef]); // mov ebx/edi, ebp: only ever the first
            else
                Emit(load[i], arguments[i]);
        }

        Emit(0xb8, (uint)(is32Bit ? number.I386 : number.Amd64)); // mov eax, number
        _code.AddRange(is32Bit ? [0xcd, 0x80] : [0x0f, 0x05]); // int 0x80, syscall
        return this;
    }

    private void Emit(byte opcode, uint immediate) => Emit([opcode], immediate);

    private void Emit(byte[] opcode, uint immediate)
    {
        _code.AddRange(opcode);
        _code.AddRange(BitConverter.GetBytes(immediate));
    }

    /// <summary>An ELF file of one segment: headers, data, code (elf(5)).</summary>
    private byte[] Image()
    {
        byte[] image = [.. new byte[HeaderSize], .. _data, .. _code];
        ulong entry = Base + HeaderSize + DataSize;
        ulong size = (ulong)image.Length;
        using BinaryWriter elf = new(new MemoryStream(image));
        elf.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', (byte)(is32Bit ? 1 : 2), 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        elf.Write((ushort)2); // ET_EXEC
        elf.Write((ushort)(is32Bit ? 3 : 62)); // EM_386, EM_X86_64
        elf.Write(1);
        int headerSize = is32Bit ? 52 : 64;
        Native(entry);
        Native((ulong)headerSize); // program headers follow
        Native(0); // no sections
        elf.Write(0);
        elf.Write((ushort)headerSize);
        elf.Write((ushort)(is32Bit ? 32 : 56));
        elf.Write((ushort)1);
        elf.Write((ushort)0);
        elf.Write((ushort)0);
        elf.Write((ushort)0);

        elf.Write(1); // PT_LOAD
        if (!is32Bit)
            elf.Write(7); // read, write, execute
        Native(0);
        Native(Base);
        Native(Base);
        Native(size);
        Native(size);
        if (is32Bit)
            elf.Write(7);
        Native(4096);
        return image;

        void Native(ulong value)
        {
            if (is32Bit)
                elf.Write((uint)value);
            else
                elf.Write(value);
        }
    }
}

internal sealed class RunningProgram(string path, Process process) : IDisposable
{
    /// <summary>ip(8) becomes the program.</summary>
    public uint Pid => (uint)process.Id;

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        File.Delete(path);
    }
}
