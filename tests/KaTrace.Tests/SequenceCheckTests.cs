using KaTrace.Events;

namespace KaTrace.Tests;

/// <summary>Loss is found by the numbers that each CPU gives its records.</summary>
public sealed class SequenceCheckTests
{
    [Fact]
    public void Nothing_is_missing_while_every_number_comes()
    {
        Assert.Equal(0ul, Missing((0, 1), (1, 1), (0, 2), (1, 2), (0, 3)));
    }

    [Fact]
    public void A_gap_is_as_many_as_the_numbers_left_out()
    {
        Assert.Equal(5ul, Missing((0, 1), (0, 5), (3, 3)));
    }

    [Fact]
    public void A_number_that_came_twice_stands_for_the_one_before_it()
    {
        // One program interrupted another between counting and reading: 2 is written as 3, and 3 comes too.
        Assert.Equal(0ul, Missing((0, 1), (0, 3), (0, 3)));
    }

    [Fact]
    public void Many_CPUs_are_no_surprise()
    {
        Assert.Equal(1ul, Missing((4095, 2)));
    }

    private static ulong Missing(params (uint Cpu, ulong Sequence)[] records)
    {
        SequenceCheck check = new();
        foreach ((uint cpu, ulong sequence) in records)
            check.Note(cpu, sequence);
        return check.Missing;
    }
}
