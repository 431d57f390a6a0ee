using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Processes;

/// <summary>Tells programs written in Go by the section that its linker puts into each: no process name does.</summary>
internal static class GoProgram
{
    // struct Elf64_Ehdr and Elf64_Shdr of elf(5).
    private const int HeaderSize = 64;
    private const int SectionSize = 64;
    private const int MaxSections = 256;
    private const int MaxNames = 64 * 1024;

    /// <summary>An executable may lie on a file system that never answers.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(500);

    public static bool IsRunBy(uint pid)
    {
        string executable = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/exe");
        Task<bool> look = Task.Run(() => Is(executable));
        return look.Wait(Deadline) && look.Result;
    }

    internal static bool Is(string executable)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(executable);
            return NamesOfSections(file).AsSpan().IndexOf("\0.go.buildinfo\0"u8) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Empty where it is no ELF file of 64 bits, or has no such names.</summary>
    private static byte[] NamesOfSections(SafeFileHandle file)
    {
        byte[] header = Read(file, 0, HeaderSize);
        if (header.Length < HeaderSize || !header.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8))
            return [];
        long sections = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(40));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(60)), names = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(62));
        if (sections < HeaderSize || count > MaxSections || names >= count)
            return [];
        byte[] section = Read(file, sections + names * SectionSize, SectionSize);
        if (section.Length < SectionSize)
            return [];
        long offset = BinaryPrimitives.ReadInt64LittleEndian(section.AsSpan(24)), size = BinaryPrimitives.ReadInt64LittleEndian(section.AsSpan(32));
        return offset < HeaderSize || size is <= 0 or > MaxNames ? [] : Read(file, offset, (int)size);
    }

    /// <summary>Shorter at the end of the file.</summary>
    private static byte[] Read(SafeFileHandle file, long offset, int length)
    {
        byte[] bytes = new byte[length];
        int read = offset > long.MaxValue - length ? 0 : RandomAccess.Read(file, bytes, offset);
        return bytes[..read];
    }
}
