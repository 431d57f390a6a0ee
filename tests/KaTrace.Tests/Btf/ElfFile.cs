using System.Runtime.InteropServices;
using System.Text;

namespace KaTrace.Tests.Btf;

/// <summary>As much of ELF64, little-endian, as it takes to find a section by name.</summary>
internal static class ElfFile
{
    private const int SectionHeaderSize = 64;

    public static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> file, string name)
    {
        ReadOnlySpan<byte> headers = file[(int)MemoryMarshal.Read<ulong>(file[40..])..]; // e_shoff
        int count = MemoryMarshal.Read<ushort>(file[60..]); // e_shnum
        int names = MemoryMarshal.Read<ushort>(file[62..]); // e_shstrndx
        ReadOnlySpan<byte> strings = Content(file, headers, names);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> found = strings[MemoryMarshal.Read<int>(headers[(i * SectionHeaderSize)..])..];
            if (Encoding.ASCII.GetString(found[..found.IndexOf((byte)0)]) == name)
                return Content(file, headers, i);
        }

        throw new InvalidDataException($"the object has no section {name}");
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> file, ReadOnlySpan<byte> headers, int index)
    {
        ReadOnlySpan<byte> header = headers.Slice(index * SectionHeaderSize, SectionHeaderSize);
        return file.Slice((int)MemoryMarshal.Read<ulong>(header[24..]), (int)MemoryMarshal.Read<ulong>(header[32..])); // sh_offset, sh_size
    }
}
