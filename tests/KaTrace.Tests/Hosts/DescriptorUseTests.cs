using KaTrace.Hosts;

namespace KaTrace.Tests.Hosts;

/// <summary>Descriptors of a process against its limit.</summary>
public sealed class DescriptorUseTests : IDisposable
{
    private readonly DirectoryInfo _proc = Directory.CreateTempSubdirectory("katrace-proc-");

    public void Dispose() => _proc.Delete(recursive: true);

    [Fact]
    public void The_soft_limit_counts()
    {
        Add("Max open files            4                    524288               files     \n");
        Assert.Equal(new DescriptorUse(3, 4), DescriptorUse.Read(520, _proc.FullName));
        Assert.Equal(0.75, DescriptorUse.Read(520, _proc.FullName)!.Value.Share);
    }

    [Theory]
    [InlineData("Max open files            unlimited            unlimited            files     \n")]
    [InlineData("Max open files            \n")]
    [InlineData("")]
    public void Without_a_limit_there_is_nothing_to_tell(string limits)
    {
        Add(limits);
        Assert.Null(DescriptorUse.Read(520, _proc.FullName));
    }

    [Fact]
    public void A_process_that_is_gone_has_none() => Assert.Null(DescriptorUse.Read(521, _proc.FullName));

    private void Add(string limits)
    {
        DirectoryInfo process = _proc.CreateSubdirectory("520");
        File.WriteAllText(Path.Combine(process.FullName, "limits"), $"Limit                     Soft Limit           Hard Limit           Units     \n{limits}");
        DirectoryInfo fd = process.CreateSubdirectory("fd");
        for (int i = 0; i < 3; i++)
            File.WriteAllText(Path.Combine(fd.FullName, $"{i}"), "");
    }
}
