using System.Buffers.Binary;
using System.Text;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

/// <summary>Executables that are written in Go, and others.</summary>
public sealed class GoProgramTests : IDisposable
{
    private const int Sections = 256;
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("\0.text\0.go.buildinfo\0.data\0", true)]
    [InlineData("\0.text\0.data\0", false)]
    [InlineData("\0.text.go.buildinfo.data\0", false)]
    public void The_section_of_its_linker_tells_it(string names, bool isGo)
    {
        File.WriteAllBytes(_file, Elf(names));
        Assert.Equal(isGo, GoProgram.Is(_file));
    }

    [Fact]
    public void No_file_that_was_made_to_mislead_does_harm()
    {
        byte[] elf = Elf("\0.go.buildinfo\0");
        Random random = new(1);
        for (int i = 0; i < 200; i++)
        {
            byte[] broken = [.. elf];
            for (int n = random.Next(1, 8); n > 0; n--)
                broken[random.Next(broken.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(_file, broken[..random.Next(broken.Length + 1)]);
            GoProgram.Is(_file);
        }
    }

    [Fact]
    public void This_process_and_one_that_is_gone_are_none()
    {
        Assert.False(GoProgram.IsRunBy((uint)Environment.ProcessId));
        Assert.False(GoProgram.IsRunBy(uint.MaxValue));
    }

    /// <summary>A header, the names, and the headers of two sections, the second of which is that of the names.</summary>
    private static byte[] Elf(string names)
    {
        byte[] elf = new byte[Sections + 2 * 64];
        "\u007fELF\u0002\u0001"u8.CopyTo(elf);
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(40), Sections);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(60), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(62), 1);
        byte[] text = Encoding.ASCII.GetBytes(names);
        text.CopyTo(elf, 64);
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(Sections + 64 + 24), 64);
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(Sections + 64 + 32), text.Length);
        return elf;
    }
}
