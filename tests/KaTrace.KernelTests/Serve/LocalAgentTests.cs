using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Serve;

/// <summary>The agent of the host stands in for the kernel where a user may not ask that. In a mount namespace of its own, so that the
/// socket of the test's agent is where that of a host is.</summary>
public sealed class LocalAgentTests : IDisposable
{
    private const string Group = "65533";
    private const string StandsIn = "katrace: no right to trace this kernel; asking its agent at unix:/run/katrace/katrace.sock";

    private readonly AgentProcess _agent = AgentProcess.Start("--socket-group", Group);
    private readonly Pair _pair = Pair.Unprobed();

    public void Dispose()
    {
        _pair.Dispose();
        _agent.Dispose();
    }

    [Theory]
    [InlineData("list", "-H", "--columns", "rport")]
    [InlineData("audit", "--rule", "unit-mistake")]
    [InlineData("stream", "--count", "1", "--duration", "1s")]
    [InlineData("explain", "TARGET")]
    public void A_member_of_the_socket_s_group_is_answered_by_it(params string[] arguments)
    {
        (int exitCode, string output, string error) = RunAs($"--groups={Group}", Targeted(arguments));

        Assert.True(exitCode == 0, error);
        Assert.Contains(StandsIn, error.Split('\n'));
        if (arguments[0] is "list" or "explain")
            Assert.Contains($"{_pair.ServerPort}", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("audit")]
    [InlineData("stream")]
    [InlineData("explain", "TARGET")]
    public void Whoever_is_not_is_told_so_in_one_sentence(params string[] arguments)
    {
        (int exitCode, string output, string error) = RunAs("--clear-groups", Targeted(arguments));

        Assert.Equal((1, ""), (exitCode, output));
        Assert.EndsWith("or become a member of the group of /run/katrace/katrace.sock, whose agent then answers (see --socket-group of 'katrace serve')", Assert.Single(error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void How_this_kernel_is_to_be_traced_is_nothing_to_ask_an_agent()
    {
        (int exitCode, _, string error) = RunAs($"--groups={Group}", "stream", "--backend", "kprobe", "--duration", "1s");

        Assert.Equal(1, exitCode);
        Assert.DoesNotContain(StandsIn, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_may_ask_the_kernel_is_explained_a_socket_by_it_and_shown_the_agent_s_events_too()
    {
        _pair.Client.SetKeepalive(77, 7, 7);
        (string Output, string Error) said = default;

        // It waits for the agent half a second, which may be too short for a machine that is busy.
        Until.True(() => (said = RunAsRoot("explain", $"inode:{_pair.Client.Inode()}")).Output.Contains("  events ", StringComparison.Ordinal), "the agent tells its events");

        Assert.Contains("ENABLED", said.Output, StringComparison.Ordinal);
        Assert.Equal("", said.Error);
    }

    [Fact]
    public void An_agent_that_does_not_answer_is_not_waited_for()
    {
        _agent.Process.Signal(KatraceProcess.SIGSTOP);
        (string Output, string Error) said = RunAsRoot("explain", $"inode:{_pair.Client.Inode()}");
        _agent.Process.Signal(KatraceProcess.SIGCONT);

        Assert.Contains("dead peer", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("  events ", said.Output, StringComparison.Ordinal);
        Assert.Equal("", said.Error);
    }

    private string[] Targeted(string[] arguments) => [.. arguments.Select(argument => argument == "TARGET" ? $"inode:{_pair.Client.Inode()}" : argument)];

    private (int ExitCode, string Output, string Error) RunAs(string groups, params string[] arguments) =>
        Run(["setpriv", "--reuid=65534", "--regid=65534", groups, KatraceProcess.Executable, .. arguments]);

    private (string Output, string Error) RunAsRoot(params string[] arguments)
    {
        (int exitCode, string output, string error) = Run([KatraceProcess.Executable, .. arguments]);
        Assert.True(exitCode == 0, error);
        return (output, error);
    }

    private (int ExitCode, string Output, string Error) Run(params string[] command) => Shell.TryRun("unshare", ["--mount", "sh", "-ec", """
        mount -t tmpfs run /run
        mkdir /run/katrace
        mount --bind "$0" /run/katrace
        exec "$@"
        """, Path.GetDirectoryName(_agent.SocketPath)!, .. command]);
}
