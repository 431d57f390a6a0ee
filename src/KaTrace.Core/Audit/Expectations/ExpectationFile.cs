namespace KaTrace.Audit.Expectations;

/// <summary>Reads expectations, one a line; <c>#</c> begins a comment.</summary>
internal static class ExpectationFile
{
    private const string Form = "write it like 'every connection to :5432 from 10.0.0.0/8: on, idle <= 300s'";

    /// <exception cref="ExpectationException">The first line that is wrong, and why.</exception>
    public static Expectation[] Parse(string file, IEnumerable<string> lines)
    {
        List<Expectation> expectations = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            string text = WithoutComment(line).Trim();
            if (text.Length == 0)
                continue;
            try
            {
                expectations.Add(ParseLine(text, number));
            }
            catch (FormatException e)
            {
                throw new ExpectationException($"{file} line {number}: {e.Message}");
            }
        }

        return expectations.Count > 0 ? [.. expectations] : throw new ExpectationException($"{file}: no expectation is in it; {Form}");
    }

    private static string WithoutComment(string line) => line.IndexOf('#', StringComparison.Ordinal) is var at and >= 0 ? line[..at] : line;

    private static Expectation ParseLine(string text, int number)
    {
        // The first colon before a space: those of addresses and ports stand amid a word.
        int colon = text.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0)
            throw new FormatException($"': ' and what is required are missing; {Form}");
        string[] words = text[..colon].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Expectation expectation = new()
        {
            Text = text,
            Line = number,
            Every = ParseQuantity(words.ElementAtOrDefault(0)),
            Listener = ParseNoun(words.ElementAtOrDefault(1)),
            Requirements = [.. text[(colon + 1)..].Split(',').Select(Requirement.Parse)],
        };
        for (int i = 2; i < words.Length; i += 2)
            expectation = With(expectation, words[i], words.ElementAtOrDefault(i + 1) ?? throw new FormatException($"something is missing after '{words[i]}'; {Form}"));
        return expectation;
    }

    private static bool ParseQuantity(string? word) => word switch
    {
        "every" => true,
        "some" => false,
        _ => throw new FormatException($"it begins with 'every' or 'some', not with '{word}'; {Form}"),
    };

    private static bool ParseNoun(string? word) => word switch
    {
        "connection" => false,
        "listener" => true,
        _ => throw new FormatException($"'connection' or 'listener' comes second, not '{word}'; {Form}"),
    };

    private static Expectation With(Expectation expectation, string word, string value)
    {
        bool again = word switch
        {
            "to" => expectation.To is not null,
            "from" => expectation.From is not null,
            "local" => expectation.Local is not null,
            "remote" => expectation.Remote is not null,
            "of" => expectation.Program is not null,
            _ => throw new FormatException($"'{word}' is not understood: after the noun come to, from, local, remote and of; {Form}"),
        };
        if (again)
            throw new FormatException($"'{word}' stands there twice");
        if (expectation.Listener && (word is "from" or "remote"))
            throw new FormatException($"a listener has no '{word}'");
        return word switch
        {
            "to" => expectation with { To = Place.Parse(value) },
            "from" => expectation with { From = Place.Parse(value) },
            "local" => expectation with { Local = Place.Parse(value) },
            "remote" => expectation with { Remote = Place.Parse(value) },
            _ => expectation with { Program = value },
        };
    }
}
