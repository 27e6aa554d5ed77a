/** Two copies of protobufjs do not know each other's types: replaying a history then fails with `type must be a Type`. */
it('there is one protobufjs for everything that reads histories', () => {
  const readers = ['@temporalio/common', '@temporalio/proto', '@temporalio/worker'];
  const copies = readers.map((name) =>
    require.resolve('protobufjs', { paths: [require.resolve(`${name}/package.json`)] }),
  );
  expect(new Set(copies)).toEqual(new Set([require.resolve('protobufjs')]));
});
