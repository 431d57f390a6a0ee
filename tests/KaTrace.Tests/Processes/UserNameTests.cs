using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class UserNameTests : IDisposable
{
    private readonly DirectoryInfo _etc = Directory.CreateTempSubdirectory("katrace-etc-");

    public void Dispose() => _etc.Delete(recursive: true);

    [Fact]
    public void A_user_has_the_name_of_passwd()
    {
        UserNames users = Users("root:x:0:0:root:/root:/bin/bash\nredis:x:104:110::/var/lib/redis:/usr/sbin/nologin\n");
        Assert.Equal(("root", "redis", null), (users.Find(0), users.Find(104), users.Find(105)));
    }

    [Fact]
    public void Of_two_names_the_first_counts() => Assert.Equal("root", Users("root:x:0:0:::\ntoor:x:0:0:::\n").Find(0));

    [Theory]
    [InlineData("")]
    [InlineData("root")]
    [InlineData(":x:0:0")]
    [InlineData("root:x:-1:0")]
    [InlineData("root:x:4294967296:0")]
    [InlineData("+::::::")]
    public void Lines_that_are_none_are_passed_over(string line) =>
        Assert.Equal(["last"], UserNames.Parse($"{line}\nlast:x:7:7:::\n").Values);

    [Fact]
    public void A_user_that_is_known_is_not_looked_up_again()
    {
        UserNames users = Users("a:x:1:1:::\n");
        users.Find(1);
        Users("b:x:1:1:::\n");
        Assert.Equal("a", users.Find(1));
    }

    [Fact]
    public void A_host_without_passwd_has_no_names() => Assert.Null(new UserNames(Path.Combine(_etc.FullName, "none")).Find(0));

    private UserNames Users(string passwd)
    {
        File.WriteAllText(Path.Combine(_etc.FullName, "passwd"), passwd);
        return new UserNames(_etc.FullName);
    }
}
