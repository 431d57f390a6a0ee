using KaTrace.Events;
using KaTrace.Filters;

namespace KaTrace.Sockets;

/// <summary>A condition on sockets, as ss(8) writes it: <c>state established and ( dport = :443 or not dst 10.0.0.0/8 )</c>.</summary>
internal abstract class SocketExpression
{
    /// <summary>It names states, so that those which are usually left out may be meant.</summary>
    public virtual bool NamesStates => false;

    public abstract bool Matches(in SocketRow row);

    /// <param name="text">Empty: null, no condition.</param>
    /// <exception cref="FilterException">It cannot be understood: one sentence says where and what may stand there.</exception>
    public static SocketExpression? Parse(string text) => new SocketExpressionParser(text).Parse();

    internal sealed class Not(SocketExpression inner) : SocketExpression
    {
        public override bool Matches(in SocketRow row) => !inner.Matches(in row);
    }

    internal sealed class And(SocketExpression left, SocketExpression right) : SocketExpression
    {
        public override bool NamesStates => left.NamesStates || right.NamesStates;

        public override bool Matches(in SocketRow row) => left.Matches(in row) && right.Matches(in row);
    }

    internal sealed class Or(SocketExpression left, SocketExpression right) : SocketExpression
    {
        public override bool NamesStates => left.NamesStates || right.NamesStates;

        public override bool Matches(in SocketRow row) => left.Matches(in row) || right.Matches(in row);
    }

    internal sealed class InState(SocketStates states) : SocketExpression
    {
        public override bool NamesStates => true;

        public override bool Matches(in SocketRow row) => states.Has(row.State);
    }

    /// <param name="side">Whose port.</param>
    /// <param name="lowest">Bounds, both included.</param>
    /// <param name="highest">See there.</param>
    internal sealed class PortBetween(Side side, int lowest, int highest) : SocketExpression
    {
        public override bool Matches(in SocketRow row) =>
            ((side & Side.Local) != 0 && row.Lport >= lowest && row.Lport <= highest)
            || ((side & Side.Remote) != 0 && row.Rport >= lowest && row.Rport <= highest);
    }

    /// <param name="side">Whose address and port.</param>
    /// <param name="range">Null: any.</param>
    /// <param name="port">Null: any.</param>
    internal sealed class At(Side side, AddressRange? range, int? port) : SocketExpression
    {
        public override bool Matches(in SocketRow row) =>
            ((side & Side.Local) != 0 && Matches(EndpointView.Local(in row)))
            || ((side & Side.Remote) != 0 && Matches(EndpointView.Remote(in row)));

        private bool Matches(EndpointView end) =>
            end.IsPresent && (port is null || end.Port == port) && (range is null || range.Contains(end.Address));
    }

    [Flags]
    internal enum Side
    {
        Local = 1,
        Remote = 2,
        Either = Local | Remote,
    }
}
