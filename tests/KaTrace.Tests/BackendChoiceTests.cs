using KaTrace.Bpf;

namespace KaTrace.Tests;

/// <summary>A kernel refuses one way after another: the next is tried, and why is kept for -v.</summary>
public sealed class BackendChoiceTests
{
    [Fact]
    public void Without_tcp_probe_answers_are_told_by_looks_and_the_reasons_are_kept()
    {
        BackendChoice choice = new(Hook.Forced("auto", liveAnswers: true));
        Assert.Equal("segment", choice.OnDemand);
        choice.Reject(choice.HookOf("segment"), new BpfException("no BTF of it"));
        Assert.Equal("segment_raw", choice.OnDemand);
        choice.Reject(choice.HookOf("segment_raw"), new BpfException("no tracepoint"));

        Assert.Null(choice.OnDemand);
        ChosenBackend live = Assert.Single(choice.Chosen, c => c.Hook == "live answers");
        Assert.Equal("looks", live.Backend);
        Assert.Equal(["tp_btf: no BTF of it", "raw_tp: no tracepoint"], live.Rejected);
        Assert.All(choice.Chosen, c => Assert.True(c == live || c.Rejected.Count == 0));
    }

    [Theory]
    [InlineData("raw-tp", "segment_raw")]
    [InlineData("kprobe", "segment")]
    public void A_forced_backend_is_used_for_answers_too_where_it_can_be(string backend, string program) =>
        Assert.Equal(program, new BackendChoice(Hook.Forced(backend, liveAnswers: true)).OnDemand);

    [Fact]
    public void Nothing_is_loaded_for_answers_that_nobody_asked_for() =>
        Assert.Null(new BackendChoice(Hook.Forced("auto", liveAnswers: false)).OnDemand);
}
