using KaTrace.Audit.Expectations;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>What the operator expects, and what is otherwise: one finding for each sentence of the file that does not hold.</summary>
internal sealed class Expected(IReadOnlyList<Expectation> expectations) : AuditRule
{
    public const string RuleId = "expectation";
    private const int MaxExamples = 3;

    public override string Id => RuleId;

    public override Severity Severity => Severity.Critical;

    public override string Summary => "a sentence of the file of expectations (--expect) does not hold";

    public override IEnumerable<Finding> Look(AuditScope scope) => expectations.Select(expectation => Look(expectation, scope)).OfType<Finding>();

    private Finding? Look(Expectation expectation, AuditScope scope)
    {
        int matching = 0;
        List<int> otherwise = [];
        SortedSet<uint> pids = [];
        ReadOnlySpan<SocketRow> rows = scope.Table.Rows;
        for (int i = 0; i < rows.Length; i++)
        {
            ref readonly SocketRow row = ref rows[i];
            if (!expectation.Covers(in row, scope.ProgramOf(in row)))
                continue;
            matching++;
            if (expectation.Missed(in row, scope.Table.Clock) is null)
                continue;
            otherwise.Add(i);
            if (scope.OwnerOf(in row) is { } owner)
                pids.Add(owner.Key.Pid);
        }

        return expectation.Every ? (otherwise.Count == 0 ? null : Tell(expectation, matching, otherwise, pids, scope))
            : matching > otherwise.Count ? null
            : matching > 0 ? Tell(expectation, matching, otherwise, pids, scope)
            : new Finding
            {
                Rule = Id,
                Severity = Severity,
                Line = expectation.Line,
                Program = "-",
                Sentence = $"'{expectation.Text}' (line {expectation.Line}): there is none.",
                Remedy = "see with 'katrace list' what is there.",
            };
    }

    private Finding Tell(Expectation expectation, int matching, List<int> otherwise, SortedSet<uint> pids, AuditScope scope)
    {
        ref readonly SocketRow first = ref scope.Table.Rows[otherwise[0]];
        string noun = expectation.Listener ? "listener" : "connection";
        return new Finding
        {
            Rule = Id,
            Severity = Severity,
            Line = expectation.Line,
            Program = scope.ProgramOf(in first),
            Pids = [.. pids],
            Count = otherwise.Count,
            Sentence = $"'{expectation.Text}' (line {expectation.Line}): otherwise on {otherwise.Count:N0} of {CountText.Of(matching, noun)}, the first {expectation.Missed(in first, scope.Table.Clock)}.",
            Remedy = scope.Remedy(in first, first.KeepaliveOn ? KnobEffect.Idle : KnobEffect.On),
            Examples = [.. otherwise.Take(MaxExamples)],
        };
    }
}
