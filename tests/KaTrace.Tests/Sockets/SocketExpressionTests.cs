using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Sockets;

namespace KaTrace.Tests.Sockets;

public sealed class SocketExpressionTests
{
    private static readonly SocketRow Client = Rows.Connection("10.0.0.5", 51812, "10.0.0.9", 5432);
    private static readonly SocketRow Server = Rows.Connection("10.0.0.9", 5432, "10.0.0.5", 51812);
    private static readonly SocketRow Six = Rows.Connection("fd00::1", 40000, "fd00::2", 22);
    private static readonly SocketRow Mapped = Rows.Connection("::ffff:10.0.0.7", 40001, "::ffff:10.0.0.9", 80);
    private static readonly SocketRow Listener = Rows.Listener("0.0.0.0", 5432);

    [Theory]
    [InlineData("sport = :5432", "server listener")]
    [InlineData("sport=5432", "server listener")]
    [InlineData("dport == :5432", "client")]
    [InlineData("dport eq :ssh", "six")]
    [InlineData("sport >= :40000 and sport < :40001", "six")]
    [InlineData("sport gt 40001", "client")]
    [InlineData("sport != :5432", "client six mapped")]
    [InlineData("sport <= :5432", "server listener")]
    [InlineData("dst 10.0.0.0/8", "client server mapped")]
    [InlineData("dst = 10.0.0.9:5432", "client")]
    [InlineData("src != 10.0.0.0/8", "six listener")]
    [InlineData("dst fd00::/16", "six")]
    [InlineData("dst [fd00::2]:22", "six")]
    [InlineData("dst [fd00::]/16:22", "six")]
    [InlineData("src *:5432", "server listener")]
    [InlineData(":5432", "client server listener")]
    [InlineData("10.0.0.7", "mapped")]
    [InlineData("10.0.0.5:51812", "client server")]
    [InlineData("state listening", "listener")]
    [InlineData("state CONNECTED and dst 10.0.0.9", "client mapped")]
    [InlineData("exclude listening dst 10.0.0.9", "client mapped")]
    [InlineData("not dport = :5432 and not state listen", "server six mapped")]
    [InlineData("! ( :5432 or dst fd00::2 )", "mapped")]
    [InlineData("( dport = :22 || dport = :80 ) && dst fd00::2", "six")]
    [InlineData("dport = :22 | dport = :80 & src 10.0.0.7", "six mapped")]
    public void It_means_what_it_means_to_ss(string text, string matching)
    {
        SocketExpression expression = SocketExpression.Parse(text)!;
        (string Name, SocketRow Row)[] rows = [("client", Client), ("server", Server), ("six", Six), ("mapped", Mapped), ("listener", Listener)];

        Assert.Equal(matching, string.Join(' ', rows.Where(row => expression.Matches(in row.Row)).Select(row => row.Name)));
    }

    [Theory]
    [InlineData("sport =", "a port is missing at the end")]
    [InlineData("sport = )", "a port is missing before ')'")]
    [InlineData("sport = :70000", "bad port ':70000'")]
    [InlineData("sport = :no-such-service", "bad port ':no-such-service'")]
    [InlineData("( :80", "a ')' is missing")]
    [InlineData(":80 )", "unexpected ')'")]
    [InlineData("dst > 10.0.0.1", "addresses cannot be compared by '>'")]
    [InlineData("dst 10.0.0.300", "bad address '10.0.0.300'")]
    [InlineData("state open", "bad state 'open'")]
    [InlineData("and", "bad address 'and'")]
    [InlineData("not", "a condition is missing at the end")]
    public void What_it_cannot_mean_is_one_sentence(string text, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<FilterException>(() => SocketExpression.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_words_there_is_no_condition() => Assert.Null(SocketExpression.Parse("  "));

    [Fact]
    public void Nesting_has_an_end() =>
        Assert.Contains("too deeply nested", Assert.Throws<FilterException>(() => SocketExpression.Parse(string.Concat(Enumerable.Repeat("! ", 10_000)) + ":80")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(":80", false)]
    [InlineData("state listening", true)]
    [InlineData(":80 or ( :81 and state closed )", true)]
    [InlineData("exclude time-wait", false)]
    public void Whether_it_names_states_decides_about_those_that_are_left_out_by_default(string text, bool names) =>
        Assert.Equal(names, SocketExpression.Parse(text)!.NamesStates);

    [Theory]
    [InlineData("established", "Established")]
    [InlineData("fin-wait-2", "FinWait2")]
    [InlineData("FIN_WAIT2", "FinWait2")]
    [InlineData("syn-recv", "SynRecv NewSynRecv")]
    [InlineData("bucket", "SynRecv TimeWait NewSynRecv")]
    [InlineData("synchronized", "Established SynRecv FinWait1 FinWait2 TimeWait CloseWait LastAck Closing NewSynRecv")]
    public void States_and_groups_are_those_of_ss(string name, string states) =>
        Assert.Equal(states, string.Join(' ', Enum.GetValues<TcpState>().Where(SocketStates.Parse(name).Has)));

    [Fact]
    public void By_default_ss_shows_what_has_another_side_and_a_socket() =>
        Assert.Equal("Established SynSent FinWait1 FinWait2 CloseWait LastAck Closing", string.Join(' ', Enum.GetValues<TcpState>().Where(SocketStates.Usual.Has)));
}
