using System.Text;

namespace KaTrace.Output;

/// <summary>Paragraphs for people, broken at spaces to the width of a terminal, later lines indented below the first.</summary>
/// <param name="width">In characters; 0: nothing is broken, as for a pipe.</param>
internal sealed class WrappedText(int width)
{
    private readonly StringBuilder _text = new();

    public void Append(string first, string text) => Append(first, first.Length, text);

    /// <param name="first">What stands before the text on its first line.</param>
    /// <param name="indent">Of the lines after it.</param>
    /// <param name="text">Safe for a terminal.</param>
    public void Append(string first, int indent, string text)
    {
        _text.Append(first);
        int column = first.Length;
        bool isStart = true;
        foreach (string word in text.Split(' '))
        {
            if (!isStart && width > 0 && column + 1 + word.Length > width)
            {
                _text.Append('\n').Append(' ', indent);
                column = indent;
                isStart = true;
            }

            if (!isStart)
            {
                _text.Append(' ');
                column++;
            }

            _text.Append(word);
            column += word.Length;
            isStart = false;
        }

        _text.Append('\n');
    }

    public void AppendLine() => _text.Append('\n');

    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text.ToString());

    public override string ToString() => _text.ToString();
}
