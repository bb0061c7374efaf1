/** An HTTP response, and how much of it is sent: all, the first half before the connection is cut, or nothing. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly delivery: 'whole' | 'half' | 'silence' | 'reset';
}

/** A response in AWS JSON 1.1; without a value, its body is empty. */
export function amzJson(status: number, value?: object): HttpReply {
  const body = value === undefined ? '' : JSON.stringify(value);
  return { status, contentType: 'application/x-amz-json-1.1', body, delivery: 'whole' };
}
