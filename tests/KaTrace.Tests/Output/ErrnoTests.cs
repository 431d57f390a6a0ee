using KaTrace.Interop;

namespace KaTrace.Tests.Output;

public sealed class ErrnoTests
{
    [Theory]
    [InlineData(1, "EPERM")]
    [InlineData(11, "EAGAIN")]
    [InlineData(101, "ENETUNREACH")]
    [InlineData(104, "ECONNRESET")]
    [InlineData(110, "ETIMEDOUT")]
    [InlineData(133, "EHWPOISON")]
    [InlineData(0, null)]
    [InlineData(41, null)]
    [InlineData(134, null)]
    [InlineData(-1, null)]
    public void Errors_have_the_names_of_Linux(int number, string? name)
    {
        Assert.Equal(name, Errno.Name(number));
        Assert.Equal(name ?? $"errno {number}", Errno.Text(number));
    }
}
